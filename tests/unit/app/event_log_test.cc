#include "server/app/event_log.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

class CountingReader : public EventLog::Reader {
 public:
  void Wake() override { ++wakes; }
  int wakes = 0;
};

std::vector<EventPtr> Events(std::int64_t first, std::int64_t last) {
  std::vector<EventPtr> events;
  for (std::int64_t seq = first; seq <= last; ++seq) {
    auto event = std::make_shared<Event>();
    event->seq = EventSeq{seq};
    events.push_back(event);
  }
  return events;
}

class EventLogTest : public testing::Test {
 protected:
  EventLog::Got Read(std::int64_t after, std::size_t events_max = 100) {
    out_.clear();
    return log_.ReadOrPark(EventSeq{after}, events_max, &out_, reader_);
  }
  std::int64_t First() const { return out_.front()->seq.value; }
  std::int64_t Last() const { return out_.back()->seq.value; }

  EventLog log_{5};
  CountingReader reader_;
  std::vector<EventPtr> out_;
};

TEST_F(EventLogTest, GivesWhatFollowsTheCursor) {
  log_.Append(Events(1, 4));
  EXPECT_EQ(log_.last(), EventSeq{4});
  ASSERT_EQ(Read(0), EventLog::Got::kEvents);
  EXPECT_EQ(First(), 1);
  EXPECT_EQ(Last(), 4);
  ASSERT_EQ(Read(2, 1), EventLog::Got::kEvents);
  EXPECT_EQ(First(), 3);
  EXPECT_EQ(Last(), 3);
}

TEST_F(EventLogTest, WhoHasReadAllIsWokenOnceByTheNextEvents) {
  log_.Append(Events(1, 2));
  ASSERT_EQ(Read(2), EventLog::Got::kParked);
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(reader_.wakes, 0);
  log_.Append({});
  EXPECT_EQ(reader_.wakes, 0);
  log_.Append(Events(3, 3));
  log_.Append(Events(4, 4));
  EXPECT_EQ(reader_.wakes, 1);
  ASSERT_EQ(Read(2), EventLog::Got::kEvents);
  EXPECT_EQ(Last(), 4);
}

TEST_F(EventLogTest, WhoIsFurtherBehindThanWhatIsHeldReadsTheRestElsewhere) {
  log_.Append(Events(1, 8));
  EXPECT_EQ(Read(2), EventLog::Got::kBehind);
  ASSERT_EQ(Read(3), EventLog::Got::kEvents);
  EXPECT_EQ(First(), 4);
  EXPECT_EQ(Last(), 8);
}

TEST_F(EventLogTest, ARestartWakesAllAndHoldsNothingOld) {
  log_.Append(Events(1, 3));
  ASSERT_EQ(Read(3), EventLog::Got::kParked);
  log_.Restart(EventSeq{7});
  EXPECT_EQ(reader_.wakes, 1);
  EXPECT_EQ(Read(3), EventLog::Got::kBehind);
  EXPECT_EQ(Read(7), EventLog::Got::kParked);
  log_.Append(Events(8, 8));
  ASSERT_EQ(Read(7), EventLog::Got::kEvents);
  EXPECT_EQ(First(), 8);
}

TEST_F(EventLogTest, WhoIsTakenOutNeverWakes) {
  ASSERT_EQ(Read(0), EventLog::Got::kParked);
  EXPECT_TRUE(log_.Unpark(reader_));
  EXPECT_FALSE(log_.Unpark(reader_));
  log_.Append(Events(1, 1));
  EXPECT_EQ(reader_.wakes, 0);
}

TEST_F(EventLogTest, AGapIsOurFault) {
  log_.Append(Events(1, 1));
  EXPECT_DEATH(log_.Append(Events(3, 3)), "last_");
}

}  // namespace
}  // namespace fft
