#include <array>

#include "tools/providers/openai.h"
#include "tools/providers/provider.h"

namespace weir {

const Provider* find_provider(std::string_view name) {
  static constexpr std::array kTable = {
      Provider{"openai", encode_openai, decode_openai, openai_limits},
      Provider{"compatible", encode_openai, decode_openai, openai_limits},
  };
  for (const Provider& provider : kTable)
    if (provider.name == name) return &provider;
  return nullptr;
}

}  // namespace weir
