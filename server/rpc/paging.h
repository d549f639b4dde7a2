#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "server/app/ports.h"
#include "server/base/error_details.h"
#include "server/rpc/tokens.h"

namespace fft {

/// Fills a list's response with one page of `read(page)`, each item by `add(item, response)`, and
/// `next_page_token`.  A page that would outgrow a message is read again at half its size.
template <class Response, class Read, class Add>
Status FillPage(std::string_view filter, PageRequest page, Response* response, Read read, Add add) {
  while (true) {
    const auto got = read(page);
    if (!got.ok()) return got.status();
    response->Clear();
    for (const auto& item : got->items) add(item, response);
    response->set_next_page_token(SealPage(filter, got->next));
    const std::size_t bytes = response->ByteSizeLong();
    if (bytes <= kMessageBytes) return Ok();
    if (page.size == 1)
      return WithDetails(Error(Code::kResourceExhausted,
                               "one item alone takes {} bytes, {} is the "
                               "most a message holds",
                               bytes, kMessageBytes),
                         {.reason = "MESSAGE_TOO_LARGE", .metadata = {}, .fields = {}});
    page.size = std::max(1, page.size / 2);
  }
}

}  // namespace fft
