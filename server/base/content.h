#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

/// What one file contributes: its digest, and its size into `*bytes`.
using FileContent = std::function<StatusOr<Digest>(const std::string& path, std::int64_t* bytes)>;

/// SHA-256 of the file's bytes.  NOT_FOUND, PERMISSION_DENIED and UNAVAILABLE name the path.
StatusOr<Digest> ContentOfFile(const std::string& path, std::int64_t* bytes);

/// The content of what lies at `path`, as the daemon and the workers understand it alike:
///
///   file    SHA-256 of its bytes
///   folder  SHA-256 over one line for everything in and below it, sorted by path as bytes:
///           `PATH \0 KIND \0 HEX \n`, PATH being relative to the folder and KIND
///             0  file                            HEX of its bytes
///             1  file that its owner may execute HEX of its bytes
///             l  symbolic link                   HEX of the SHA-256 of its text; not followed
///             d  folder with nothing in it       HEX is empty
///
/// Times, owners and other permissions are no content.  A symbolic link at `path` itself is
/// followed.  `*bytes` is the size of all files.  `of_file` may answer from memory.
///   NOT_FOUND            nothing is there
///   FAILED_PRECONDITION  it is, or holds, a device, a socket or a pipe
StatusOr<Digest> ContentOf(const std::string& path, std::int64_t* bytes,
                           const FileContent& of_file = ContentOfFile);

}  // namespace fft
