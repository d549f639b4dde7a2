#include "server/base/seal.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/check.h"
#include "server/base/handle.h"

namespace fft {

namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Cipher = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::string ByChance(std::size_t size) {
  std::string bytes(size, '\0');
  FFT_CHECK(RAND_bytes(Raw(bytes), static_cast<int>(size)) == 1);
  return bytes;
}

Status Unusable(const std::string& path, const std::string& why) {
  return Error(Code::kFailedPrecondition, "the key of secrets {}: {}", path, why);
}

Status MakeKey(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno == EEXIST ? Ok() : Unusable(path, std::strerror(errno));
  const std::string key = ByChance(Seal::kKeyBytes);
  const bool is_written =
      ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (is_written) return Ok();
  ::unlink(path.c_str());
  return Unusable(path, std::strerror(error));
}

}  // namespace

Seal::Seal(std::string key) : key_(std::move(key)) { FFT_CHECK(key_.size() == kKeyBytes); }

StatusOr<Seal> Seal::Open(const std::string& path, bool is_made) {
  if (is_made)
    if (Status made = MakeKey(path); !made.ok()) return made;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unusable(path, std::strerror(errno));
  std::string key(kKeyBytes + 1, '\0');
  const ssize_t bytes = ::read(fd, key.data(), key.size());
  struct stat found {};
  const bool is_found = ::fstat(fd, &found) == 0;
  ::close(fd);
  if (bytes != static_cast<ssize_t>(kKeyBytes)) return Unusable(path, "is not 32 bytes long");
  if (!is_found || (found.st_mode & 077) != 0)
    return Unusable(path, "others than its owner may read it: chmod 600");
  key.resize(kKeyBytes);
  return Seal(std::move(key));
}

std::string Seal::Close(std::string_view name, std::string_view secret) const {
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string sealed = ByChance(kNonceBytes);
  std::string text(secret.size(), '\0');
  std::string tag(kTagBytes, '\0');
  int size = 0;
  FFT_CHECK(
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Raw(key_), Raw(sealed)) &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, Raw(name), static_cast<int>(name.size())) &&
      EVP_EncryptUpdate(cipher.get(), Raw(text), &size, Raw(secret),
                        static_cast<int>(secret.size())) &&
      EVP_EncryptFinal_ex(cipher.get(), Raw(tag), &size) &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()));
  return sealed + tag + text;
}

StatusOr<std::string> Seal::Unseal(std::string_view name, std::string_view sealed) const {
  const Status broken = Error(Code::kDataLoss, "secret {} does not open with this key", name);
  if (sealed.size() < kNonceBytes + kTagBytes) return broken;
  std::string tag(sealed.substr(kNonceBytes, kTagBytes));
  const std::string_view text = sealed.substr(kNonceBytes + kTagBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string secret(text.size(), '\0');
  int size = 0;
  unsigned char rest[kTagBytes];
  const bool is_whole =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Raw(key_), Raw(sealed)) &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, Raw(name), static_cast<int>(name.size())) &&
      EVP_DecryptUpdate(cipher.get(), Raw(secret), &size, Raw(text),
                        static_cast<int>(text.size())) &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) &&
      EVP_DecryptFinal_ex(cipher.get(), rest, &size) == 1;
  if (!is_whole) return broken;
  return secret;
}

}  // namespace fft
