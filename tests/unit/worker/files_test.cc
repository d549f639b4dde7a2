#include <filesystem>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "client/worker/blob_cache.h"
#include "client/worker/content.h"
#include "client/worker/frames.h"
#include "client/worker/journal.h"
#include "client/worker/lease_watch.h"
#include "client/worker/paths.h"
#include "client/worker/publish.h"
#include "client/worker/record_file.h"
#include "client/worker/recorder.h"
#include "guardian_client.h"

namespace fft {
namespace {

namespace v1 = build::v1;
namespace fs = std::filesystem;

class Blobs final : public BlobSource {
 public:
  Status Read(const Digest& digest, const std::function<Status(std::string_view)>& take) override {
    ++reads;
    const auto it = blobs.find(digest);
    if (it == blobs.end()) return Error(Code::kNotFound, "no blob {}", ToShortHex(digest));
    return take(it->second);
  }
  std::map<Digest, std::string> blobs;
  int reads = 0;
};

TEST(BlobCacheTest, LaysOutATreeOnce) {
  TestFolder dir;
  Blobs source;
  source.blobs[Sha256("one")] = "one";
  const WantedTree files = {{{"bin/x", Sha256("one"), true}, {"y", Sha256("one"), false}}};
  {
    BlobCache cache(dir.path(), source);
    ASSERT_TRUE(cache.Sweep().ok());
    EXPECT_EQ(cache.FindTree(files), "");
    const auto tree = cache.MakeTree(files);
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_EQ(cache.FindTree(files), *tree);
    EXPECT_EQ(ReadFile(*tree + "/bin/x"), "one");
    struct stat st {};
    ASSERT_EQ(::stat((*tree + "/bin/x").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0555u);
    ASSERT_EQ(::stat((*tree + "/y").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0444u);
  }
  BlobCache next(dir.path(), source);
  ASSERT_TRUE(next.Sweep().ok());
  EXPECT_TRUE(next.MakeTree(files).ok());
  EXPECT_EQ(source.reads, 1);
  // Damaged: made again from the blobs.
  next.DropTree(next.FindTree(files));
  EXPECT_EQ(next.FindTree(files), "");
  EXPECT_TRUE(next.MakeTree(files).ok());
  EXPECT_EQ(source.reads, 1);
}

TEST(BlobCacheTest, TakesNothingThatIsNotWhatItSays) {
  TestFolder dir;
  Blobs source;
  source.blobs[Sha256("one")] = "two";
  BlobCache cache(dir.path(), source);
  ASSERT_TRUE(cache.Sweep().ok());
  EXPECT_EQ(cache.MakeTree({{{"x", Sha256("one"), true}}}).status().code(), Code::kDataLoss);
  EXPECT_EQ(cache.MakeTree({{{"x", Sha256("none"), true}}}).status().code(), Code::kNotFound);
  EXPECT_EQ(cache.MakeTree({{{"../x", Sha256("one"), true}}}).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(fs::is_empty(dir / "blobs"));
  EXPECT_TRUE(fs::is_empty(dir / "trees"));
}

TEST(PathsTest, OutputsStayBelowTheRootAndOutOfEachOther) {
  v1::Grant grant;
  grant.set_root_uri("file:///data");
  const auto complaint = [&grant](const std::vector<std::string>& refs) {
    grant.mutable_config()->clear_outputs();
    for (const std::string& ref : refs) grant.mutable_config()->add_outputs(ref);
    return Message(CheckOutputPaths(grant));
  };
  EXPECT_EQ(complaint({"a", "a-b", "ab/c"}), "");
  EXPECT_EQ(complaint({"/a"}), "output /a can't be a path below the root");
  EXPECT_EQ(complaint({"a//b"}), "output a//b can't be a path below the root");
  EXPECT_EQ(complaint({"a/../b"}), "output a/../b can't be a path below the root");
  EXPECT_EQ(complaint({".fft/x"}), "output .fft/x can't be a path below the root");
  EXPECT_EQ(complaint({"a", "a-b", "a/b"}), "output a/b/ lies in output a/");
  grant.set_root_uri("s3://bucket");
  EXPECT_EQ(complaint({"a"}), "root s3://bucket is no file:///... URI");
}

TEST(ContentTest, DependsOnNamesModesAndBytesAlone) {
  TestFolder dir;
  WriteFile(dir / "x/a", "1");
  WriteFile(dir / "x/b/c", "2", true);
  WriteFile(dir / "y/b/c", "2", true);
  WriteFile(dir / "y/a", "1");
  const auto x = ContentOf(dir / "x");
  const auto y = ContentOf(dir / "y");
  ASSERT_TRUE(x.ok() && y.ok());
  EXPECT_EQ(x->digest, y->digest);
  EXPECT_EQ(x->bytes, 2);
  ::chmod((dir / "y/a").c_str(), 0755);
  EXPECT_NE(ContentOf(dir / "y")->digest, x->digest);
  EXPECT_EQ(ContentOf(dir / "none").status().code(), Code::kNotFound);
  MakeFifo(dir / "y/pipe");
  EXPECT_EQ(ContentOf(dir / "y").status().code(), Code::kInvalidArgument);
}

TEST(PublishTest, ReplacesWhateverIsThere) {
  TestFolder dir;
  std::set<std::string> changed;
  WriteFile(dir / "s1", "1");
  ASSERT_TRUE(MoveIntoPlace(dir / "s1", dir / "root/a/b", &changed).ok());
  EXPECT_EQ(ReadFile(dir / "root/a/b"), "1");
  EXPECT_EQ(changed, (std::set<std::string>{dir.path(), dir / "root", dir / "root/a"}));
  WriteFile(dir / "s2/x", "2");
  ASSERT_TRUE(MoveIntoPlace(dir / "s2", dir / "root/a/b", &changed).ok());  // folder over file
  EXPECT_EQ(ReadFile(dir / "root/a/b/x"), "2");
  WriteFile(dir / "s3/y", "3");
  ASSERT_TRUE(MoveIntoPlace(dir / "s3", dir / "root/a/b", &changed).ok());  // folder over folder
  EXPECT_FALSE(fs::exists(dir / "root/a/b/x"));
  WriteFile(dir / "s4", "4");
  ASSERT_TRUE(MoveIntoPlace(dir / "s4", dir / "root/a/b", &changed).ok());  // file over folder
  EXPECT_EQ(ReadFile(dir / "root/a/b"), "4");
  WriteFile(dir / "s5", "5");
  const Status blocked = MoveIntoPlace(dir / "s5", dir / "root/a/b/c", &changed);
  EXPECT_EQ(blocked.code(), Code::kInvalidArgument);  // a file lies in the way
  EXPECT_EQ(ReadFile(dir / "s5"), "5");
  EXPECT_TRUE(SyncFolders(changed, dir / "root").ok());
}

TEST(PublishTest, RemovesWhatWasMadeReadOnly) {
  TestFolder dir;
  WriteFile(dir / "x/y/z", "1");
  ::chmod((dir / "x/y").c_str(), 0555);
  EXPECT_TRUE(RemoveAll(dir / "x").ok());
  EXPECT_FALSE(fs::exists(dir / "x"));
  EXPECT_TRUE(RemoveAll(dir / "x").ok());
}

TEST(RecordFileTest, ATornEndIsCutOff) {
  TestFolder dir;
  const auto read = [&] {
    std::vector<std::string> payloads;
    auto file = RecordFile::Open(dir / "f", [&](std::string_view p) { payloads.emplace_back(p); });
    EXPECT_TRUE(file.ok());
    return payloads;
  };
  {
    auto file = RecordFile::Open(dir / "f", [](std::string_view) {});
    file->Add("one");
    file->Add("two");
    EXPECT_TRUE(file->Flush().ok());
  }
  const std::string whole = ReadFile(dir / "f");
  std::string next;
  AppendFrame("three", &next);
  for (std::size_t cut = 0; cut < next.size(); ++cut) {
    WriteFile(dir / "f", whole + next.substr(0, cut));
    EXPECT_EQ(read(), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(ReadFile(dir / "f"), whole);
  }
  next[10] ^= 1;
  WriteFile(dir / "f", whole + next);
  EXPECT_EQ(read(), (std::vector<std::string>{"one", "two"}));
}

TEST(LeaseWatchTest, SilenceEndsAllUntilAdopted) {
  LeaseWatch leases;
  leases.SetLength(Duration(100), 0);
  EXPECT_FALSE(leases.Holds(1, 0));
  leases.Confirm(1, 10);
  EXPECT_TRUE(leases.Holds(1, 110));
  EXPECT_FALSE(leases.Holds(1, 111));
  leases.Heard(120);  // too late: the daemon may have given it to another
  EXPECT_FALSE(leases.Holds(1, 120));
  leases.Confirm(2, 125);
  EXPECT_TRUE(leases.Holds(2, 130));
  EXPECT_FALSE(leases.Holds(1, 130));
  leases.Confirm(1, 140);
  EXPECT_TRUE(leases.Holds(1, 150));
  leases.Revoke(1);
  EXPECT_FALSE(leases.Holds(1, 150));
  EXPECT_EQ(leases.SilentFor(200), Duration(60));
}

/// A recorder over a journal, and what it says.
class RecorderTest : public testing::Test {
 protected:
  void Open() {
    recorder_.reset();
    runs_.clear();
    bool is_same_boot = false;
    auto journal = Journal::Open(dir_ / "journal", &runs_, &is_same_boot);
    ASSERT_TRUE(journal.ok());
    EXPECT_TRUE(is_same_boot);
    journal_ = *std::move(journal);
    recorder_ = std::make_unique<Recorder>(
        *journal_, leases_,
        Recorder::Listener{[this](std::vector<v1::RunReport> r) { Put(&reports_, std::move(r)); },
                           [this](std::vector<Ending> e) { Put(&parked_, std::move(e)); }});
  }
  template <class T>
  void Put(std::vector<T>* to, std::vector<T> what) {
    const std::lock_guard lock(mutex_);
    for (T& t : what) to->push_back(std::move(t));
    changed_.notify_all();
  }
  template <class T>
  T Take(std::vector<T>* from) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !from->empty(); });
    T t = std::move(from->front());
    from->erase(from->begin());
    return t;
  }
  Ending Staged(std::int64_t run, const std::vector<std::string>& refs) {
    v1::Grant grant;
    grant.set_run(run);
    journal_->Granted(grant, "g");
    Ending ending;
    ending.report.set_run(run);
    ending.report.set_outcome(v1::OUTCOME_SUCCEEDED);
    ending.report.set_left_outputs_alone(true);
    ending.root = dir_ / "root";
    for (const std::string& ref : refs) {
      const std::string from = dir_ / ("staging/" + ref);
      WriteFile(from, ref);
      ending.report.add_outputs()->set_ref(ref);
      ending.staged.push_back({ref, from, ending.root + "/" + ref, {from}, {}});
    }
    return ending;
  }

  TestFolder dir_;
  std::map<std::int64_t, JournaledRun> runs_;
  std::unique_ptr<Journal> journal_;
  LeaseWatch leases_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<v1::RunReport> reports_;
  std::vector<Ending> parked_;
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, OutcomesOutliveTheAgentUntilForgotten) {
  Open();
  leases_.Confirm(1, BootMillis());
  leases_.Confirm(2, BootMillis());
  std::vector<Ending> endings;
  endings.push_back(Staged(1, {"a", "b"}));
  endings.push_back(Staged(2, {"c"}));
  recorder_->Add(std::move(endings));
  EXPECT_EQ(Take(&reports_).run(), 1);
  EXPECT_FALSE(Take(&reports_).left_outputs_alone());
  EXPECT_EQ(ReadFile(dir_ / "root/b"), "b");
  journal_->Forgotten(2);
  journal_->Flush();
  Open();
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_TRUE(runs_.at(1).publishing);
  EXPECT_EQ(runs_.at(1).ended->outputs_size(), 2);
  EXPECT_EQ(runs_.at(1).guardian, "g");
}

TEST_F(RecorderTest, MovesNothingWithoutALease) {
  Open();
  std::vector<Ending> endings;
  endings.push_back(Staged(1, {"a"}));
  recorder_->Add(std::move(endings));
  Ending parked = Take(&parked_);
  EXPECT_FALSE(fs::exists(dir_ / "root/a"));
  EXPECT_TRUE(parked.report.left_outputs_alone());
  leases_.Confirm(1, BootMillis());
  endings.clear();
  endings.push_back(std::move(parked));
  recorder_->Add(std::move(endings));
  EXPECT_EQ(Take(&reports_).outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(ReadFile(dir_ / "root/a"), "a");
}

TEST_F(RecorderTest, GoesOnWithWhatAnEarlierAgentBegan) {
  Open();
  leases_.Confirm(1, BootMillis());
  Ending ending = Staged(1, {"a", "b"});
  fs::create_directories(dir_ / "root");
  fs::rename(dir_ / "staging/a", dir_ / "root/a");
  ending.is_resumed = true;
  std::vector<Ending> endings;
  endings.push_back(std::move(ending));
  recorder_->Add(std::move(endings));
  const v1::RunReport report = Take(&reports_);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_FALSE(report.left_outputs_alone());
  EXPECT_EQ(ReadFile(dir_ / "root/b"), "b");
}

TEST_F(RecorderTest, TellsWhatItCouldNotMoveAndWhatItTouched) {
  Open();
  leases_.Confirm(1, BootMillis());
  WriteFile(dir_ / "root/x", "a file in the way");
  std::vector<Ending> endings;
  endings.push_back(Staged(1, {"a", "x/y"}));
  recorder_->Add(std::move(endings));
  const v1::RunReport report = Take(&reports_);
  EXPECT_EQ(report.outcome(), v1::OUTCOME_BAD_OUTPUT);
  EXPECT_EQ(report.message(), "output x/y could not be moved into place: " + (dir_ / "root/x/y") +
                                  ": Not a directory");
  EXPECT_FALSE(report.left_outputs_alone());
  EXPECT_EQ(report.outputs_size(), 0);
}

TEST(BlobCacheTest, AContextListsFurtherFiles) {
  TestFolder dir;
  Blobs source;
  source.blobs[Sha256("one")] = "one";
  const std::string listing =
      ToHex(Sha256("one")) + " lib/a b.py\n" + ToHex(Sha256("one")) + " *run\n";
  source.blobs[Sha256(listing)] = listing;
  source.blobs[Sha256("rubbish")] = "rubbish";
  BlobCache cache(dir.path(), source);
  ASSERT_TRUE(cache.Sweep().ok());
  const WantedTree wanted = {{{"x", Sha256("one"), false}}, Sha256(listing)};
  const auto tree = cache.MakeTree(wanted);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(cache.FindTree(wanted), *tree);
  EXPECT_EQ(cache.FindTree({{{"x", Sha256("one"), false}}}), "") << "another tree";
  EXPECT_EQ(ReadFile(*tree + "/lib/a b.py"), "one");
  struct stat st {};
  ASSERT_EQ(::stat((*tree + "/run").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0555u);
  EXPECT_EQ(cache.MakeTree({{}, Sha256("rubbish")}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(cache.MakeTree({{}, Sha256("nothing")}).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace fft
