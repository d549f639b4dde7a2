#include "server/app/texts.h"

namespace fft {

namespace {
// A grant holds two at most, and a message to a worker as many grants as find room.
constexpr std::size_t kTextBytesMax = 16 << 10;
// What a place in the list takes, beside the text.
constexpr std::size_t kPlaceBytes = 256;
}  // namespace

void Texts::Keep(const Digest& digest, const std::string& text) {
  if (text.size() > kTextBytesMax) return;
  if (Find(digest) != nullptr) return;
  auto kept = std::make_shared<const std::string>(text);
  const std::lock_guard lock(mutex_);
  if (by_digest_.contains(digest)) return;
  kept_.push_front({digest, std::move(kept)});
  by_digest_[digest] = kept_.begin();
  bytes_ += text.size() + kPlaceBytes;
  while (bytes_ > bytes_max_) {
    bytes_ -= kept_.back().text->size() + kPlaceBytes;
    by_digest_.erase(kept_.back().digest);
    kept_.pop_back();
  }
}

TextPtr Texts::Find(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->text;
}

void Texts::Hand(Grant& grant) {
  if (grant.config == nullptr || grant.config->frame->runner != Runner::kSql) return;
  for (const FrozenFile& file : grant.config->frame->files)
    if (file.path == grant.config->frame->sql->query ||
        file.path == grant.config->frame->sql->delta_query)
      if (TextPtr text = Find(file.digest)) grant.texts.push_back({file.digest, std::move(text)});
}

}  // namespace fft
