// A catalog of one tool, for tests of what is around it.
#pragma once

#include <catch2/catch.hpp>

#include "tools/catalog/catalog.h"

namespace weir::mcp {

inline Config one_tool_config(const std::string& more = "") {
  const auto config =
      parse_config(std::string(R"(
[models.fast]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"
rpm = 60
tpm = 60_000
[tools.summarise]
title = "Summarise"
description = "Summarise a text."
prompt = "Summarise in {{sentences}} sentences:\n\n{{text}}"
max_output_tokens = 100
input.text = { type = "string" }
input.sentences = { type = "integer", minimum = 1, default = 3 }
input.calm = { type = "boolean", default = true }
input.weight = { type = "number", default = 0.5 }
system = "{{#calm}}Be calm.{{/calm}} {{weight}}"
)") + more,
                   "weir.toml", [](const std::string& name) { return std::optional("a-long-token-of-" + name); });
  REQUIRE(config);
  return *config;
}

inline std::shared_ptr<const Catalog> one_tool(const std::function<GroupId(const GroupOptions&)>& group_of,
                                               const std::string& more = "") {
  const CatalogCheck check = build_catalog(one_tool_config(more), group_of);
  REQUIRE(check.catalog);
  return check.catalog;
}

}  // namespace weir::mcp
