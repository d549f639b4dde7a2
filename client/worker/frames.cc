#include "client/worker/frames.h"

#include "server/base/check.h"

namespace fft {
namespace {

constexpr std::size_t kHeadBytes = 8;

std::uint32_t Checksum(std::string_view bytes) {
  std::uint32_t sum = 2166136261u;
  for (const char c : bytes) sum = (sum ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return sum;
}

void AppendNumber(std::uint32_t number, std::string* bytes) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes->push_back(static_cast<char>((number >> shift) & 0xFF));
  }
}

std::uint32_t NumberAt(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i);
  }
  return number;
}

}  // namespace

void AppendFrame(std::string_view payload, std::string* bytes) {
  FFT_CHECK(payload.size() <= kFrameBytesMax);
  AppendNumber(static_cast<std::uint32_t>(payload.size()), bytes);
  AppendNumber(Checksum(payload), bytes);
  bytes->append(payload);
}

bool FrameReader::Next(std::string* payload) {
  if (!status_.ok()) return false;
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  if (rest.size() < kHeadBytes) {
    bytes_.erase(0, begin_);
    begin_ = 0;
    return false;
  }
  const std::size_t length = NumberAt(rest, 0);
  if (length > kFrameBytesMax) {
    status_ = Error(Code::kDataLoss, "a frame of {} bytes, more than {}", length, kFrameBytesMax);
    return false;
  }
  if (rest.size() < kHeadBytes + length) return false;
  const std::string_view body = rest.substr(kHeadBytes, length);
  if (Checksum(body) != NumberAt(rest, 4)) {
    status_ = Error(Code::kDataLoss, "a frame of {} bytes with another checksum", length);
    return false;
  }
  payload->assign(body);
  begin_ += kHeadBytes + length;
  taken_ += static_cast<std::int64_t>(kHeadBytes + length);
  if (begin_ > (1u << 20)) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  return true;
}

}  // namespace fft
