#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/fields.h"
#include "config/json_text.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLabelsMax = 100, kChoicesMax = 20, kLabelBytesMax = 100, kExamplesMax = 100,
                      kNameSpaceBytesMax = 64;

// Which kinds a key means something for; keys that are not here are of every kind.
struct KeyOfKinds {
  const char* key;
  std::vector<std::string> kinds;
};
const std::vector<std::string> kAnswering = {"map",       "extract",   "classify", "predicate",
                                             "summarise", "sentiment", "reduce",   "judge"};
const std::vector<KeyOfKinds>& keys_of_kinds() {
  static const std::vector<KeyOfKinds> keys = {
      {"prompt", {"map"}},
      {"system", {"map"}},
      {"output_schema", {"map", "extract", "reduce"}},
      {"instructions", {"extract", "classify", "predicate", "summarise", "sentiment", "reduce", "judge"}},
      {"question", {"predicate", "judge"}},
      {"labels", {"classify", "judge"}},
      {"multiple", {"classify"}},
      {"format", {"summarise"}},
      {"max_words", {"summarise"}},
      {"max_points", {"summarise"}},
      {"oversize", {"reduce"}},
      {"dimensions", {"embed"}},
      {"purpose", {"embed"}},
      {"max_output_tokens", kAnswering},
      {"temperature", kAnswering},
      {"profiles", kAnswering},
      {"examples", {"map", "extract", "classify", "predicate", "summarise", "sentiment", "judge"}},
      {"as_prompt", {"map"}},
      {"input_schema", {"map", "http"}},
      {"request", {"http"}},
      {"allowed_hosts", {"http"}},
      {"private_network", {"http"}},
      {"timeout", {"http"}},
      {"retries", {"http"}},
      {"response_bytes_max", {"http"}},
      {"response", {"http"}},
  };
  return keys;
}

bool is_one_of(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void reject_keys_of_others(Fields& fields, const ToolSettings& tool) {
  for (const auto& [key, kinds] : keys_of_kinds()) {
    if (is_one_of(tool.kind, kinds)) continue;
    fields.know_unlisted(key);
    for (const Entry& member : fields.table().members)
      if (member.key == key)
        fields.mistake(member.value, fmt::format("{} means nothing to kind \"{}\"; it is a key of {}", key, tool.kind,
                                                 listed(kinds)));
  }
}

void add_label(Fields& fields, const Node& node, std::string name, std::string description, ToolSettings& tool) {
  auto& labels = tool.of_kind.labels;
  if (name.empty() || name.size() > kLabelBytesMax) {
    fields.mistake(node, fmt::format("a label must have 1 to {} bytes, not {}", kLabelBytesMax, name.size()));
  } else if (std::any_of(labels.begin(), labels.end(), [&](const auto& label) { return label.name == name; })) {
    fields.mistake(node, fmt::format("labels holds {} twice", in_quotes(name)));
  }
  labels.push_back({std::move(name), std::move(description)});
}

// A list of names, or a table of names and what each means.
void read_labels(Fields& fields, ToolSettings& tool) {
  const Node* node = fields.find("labels");
  const std::size_t most = tool.kind == "judge" ? kChoicesMax : kLabelsMax;
  if (node == nullptr) {
    if (tool.kind == "classify")
      fields.mistake(fields.table(),
                     "labels is missing: [\"billing\", \"delivery\"], or a table of names and what "
                     "each means");
    return;
  }
  if (node->kind != NodeKind::array && node->kind != NodeKind::table) {
    fields.mistake(*node, "labels must be a list of names, or a table of names and what each means");
    return;
  }
  for (const Node& item : node->items) {
    if (item.kind == NodeKind::string)
      add_label(fields, item, item.text, "", tool);
    else
      fields.mistake(item, fmt::format("a label must be a string, not {}", name_with_article(item.kind)));
  }
  for (const Entry& member : node->members) {
    if (member.value.kind == NodeKind::string)
      add_label(fields, member.value, member.key, member.value.text, tool);
    else
      fields.mistake(member.value, fmt::format("label {}: what it means must be a string, not {}",
                                               in_quotes(member.key), name_with_article(member.value.kind)));
  }
  const std::size_t count = node->items.size() + node->members.size();
  if (count < 2 || count > most) fields.mistake(*node, fmt::format("labels must hold 2 to {}, not {}", most, count));
}

void read_example(Fields& fields, const Node& item, ToolSettings& tool) {
  const auto member = [&](std::string_view key) -> const Node* {
    for (const Entry& entry : item.members)
      if (entry.key == key) return &entry.value;
    return nullptr;
  };
  const Node *input = member("input"), *arguments = member("arguments"), *output = member("output");
  const bool one_input = (input == nullptr) != (arguments == nullptr);
  const bool is_text = arguments == nullptr || arguments->kind == NodeKind::string;
  if (item.kind != NodeKind::table || !one_input || !is_text || output == nullptr || item.members.size() != 2) {
    fields.mistake(item,
                   "an example must be { input = { text = \"…\" }, output = … } (or arguments, as JSON text, "
                   "instead of input), and nothing else");
    return;
  }
  ExampleSettings example;
  example.line = item.line;
  if (arguments != nullptr) input = arguments;
  // A text alone is that of the input "text".
  Node table;
  if (input->kind == NodeKind::string) table.members.push_back({"text", *input});
  auto input_text = arguments != nullptr ? tl::expected<std::string, std::string>(arguments->text)
                                         : json_text(input->kind == NodeKind::string ? table : *input);
  if (!input_text) return fields.mistake(*input, "example: input: " + input_text.error());
  example.input = std::move(*input_text);
  if (output->kind == NodeKind::string) {
    example.output = output->text;
  } else {
    auto output_text = json_text(*output);
    if (!output_text) return fields.mistake(*output, "example: output: " + output_text.error());
    example.output = std::move(*output_text);
  }
  tool.examples.push_back(std::move(example));
}

void read_examples(Fields& fields, ToolSettings& tool) {
  const Node* node = fields.find("examples", NodeKind::array);
  if (node == nullptr) return;
  if (node->items.size() > kExamplesMax)
    return fields.mistake(*node, fmt::format("{} examples; at most {} are allowed", node->items.size(), kExamplesMax));
  for (const Node& item : node->items) read_example(fields, item, tool);
}

void read_cache(Fields& fields, ToolSettings& tool) {
  const Node* node = fields.find("cache");
  if (node == nullptr) return;
  CacheSettings cache;
  const Range<Duration> range{1s, 24h * 366};
  if (node->kind == NodeKind::table) {
    Fields keys(*node, fields.where() + ", cache", fields.mistakes());
    keys.read("ttl", cache.ttl, range);
    keys.read("namespace", cache.name_space);
    keys.reject_unknown();
  } else {
    fields.read("cache", cache.ttl, range);
  }
  if (cache.name_space.empty() || cache.name_space.size() > kNameSpaceBytesMax)
    fields.mistake(*node, fmt::format("cache: namespace must have 1 to {} bytes", kNameSpaceBytesMax));
  tool.cache = cache;
}

// The input of which there may be many; by default the text of those kinds that read one.
void read_list(Fields& fields, ToolSettings& tool) {
  const bool reads_a_text = !is_one_of(tool.kind, {"map", "reduce", "http"});
  if (reads_a_text || tool.kind == "reduce") tool.list = "text";
  const Node* node = fields.find("list");
  if (fields.read("list", tool.list) && tool.kind == "reduce")
    fields.mistake(*node, "list means nothing to kind \"reduce\", which reads one always: texts");
  if (tool.kind == "reduce") tool.list_max = 1000;
  fields.read("list_max", tool.list_max, {1, 10'000});
}

void read_summary(Fields& fields, KindSettings& of) {
  std::string word = "paragraph";
  if (fields.read_word("format", word, {"paragraph", "key_points"}))
    of.format = word == "key_points" ? SummaryFormat::key_points : SummaryFormat::paragraph;
  fields.read("max_words", of.max_words, {10, 100'000});
  fields.read("max_points", of.max_points, {1, 100});
}

void read_oversize(Fields& fields, KindSettings& of) {
  std::string word = "split";
  if (fields.read_word("oversize", word, {"split", "refuse"}))
    of.oversize = word == "split" ? Oversize::split : Oversize::refuse;
}

// What the longest answer of the kind takes, and room for what JSON adds: the cap where none is stated.
std::int64_t answer_tokens(const ToolSettings& tool) {
  const KindSettings& of = tool.of_kind;
  std::size_t longest = 0, all = 0;
  for (const LabelSettings& label : of.labels) {
    longest = std::max(longest, label.name.size());
    all += label.name.size() + 4;
  }
  if (tool.kind == "classify") return static_cast<std::int64_t>(64 + (of.multiple ? all : longest));
  if (tool.kind == "predicate" || tool.kind == "sentiment") return 64;
  if (tool.kind == "judge") return static_cast<std::int64_t>(64 + 16 * std::max<std::size_t>(of.labels.size(), 2));
  if (tool.kind == "summarise")
    return of.format == SummaryFormat::paragraph ? 64 + 2 * of.max_words : 64 + 80 * of.max_points;
  return tool.kind == "extract" || tool.kind == "reduce" ? 1'024 : ToolSettings().max_output_tokens;
}

}  // namespace

void read_kind(Fields& fields, ToolSettings& tool) {
  fields.read_word(
      "kind", tool.kind,
      {"map", "extract", "classify", "predicate", "summarise", "sentiment", "reduce", "embed", "judge", "http"});
  reject_keys_of_others(fields, tool);
  KindSettings& of = tool.of_kind;
  if (is_one_of(tool.kind, {"classify", "judge"})) read_labels(fields, tool);
  const auto reads = [&](std::string_view key) {
    const auto row = std::find_if(keys_of_kinds().begin(), keys_of_kinds().end(),
                                  [&](const KeyOfKinds& each) { return each.key == key; });
    return is_one_of(tool.kind, row->kinds);
  };
  if (reads("instructions") && tool.kind != "reduce") fields.read("instructions", of.instructions);
  if (is_one_of(tool.kind, {"predicate", "judge"}))
    fields.require_text("question", of.question, "what is asked of each text, such as \"Is the customer angry?\"");
  if (tool.kind == "reduce")
    fields.require_text("instructions", of.instructions, "what to make of the texts, such as \"Name the top themes.\"");
  if (tool.kind == "extract" && fields.find("output_schema") == nullptr)
    fields.mistake(fields.table(), "output_schema is missing: what to extract, as a JSON Schema");
  if (reads("multiple")) fields.read("multiple", of.multiple);
  if (tool.kind == "summarise") read_summary(fields, of);
  if (tool.kind == "reduce") read_oversize(fields, of);
  if (tool.kind == "embed") {
    fields.read("dimensions", of.dimensions, {1, 100'000});
    fields.read_word("purpose", of.purpose, {"document", "query", "similarity", "classification", "clustering"});
  }
  if (reads("examples")) read_examples(fields, tool);
  read_cache(fields, tool);
  read_list(fields, tool);
  tool.max_output_tokens = answer_tokens(tool);
}

}  // namespace weir
