#include "mcp/jsonrpc.h"

#include <fmt/format.h>

#include <utility>

namespace weir::mcp {
namespace {

// Builds the value while it counts. nlohmann's own builder has no bounds, and keeps the last of two equal members
// silently.
class Builder {
 public:
  explicit Builder(ParseBounds bounds) : bounds_(bounds) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // never in text
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    const auto [member, is_new] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!is_new) return refuse(code::kInvalidRequest, fmt::format("the member \"{:.60}\" is given twice", name));
    slot_ = &member->second;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& why) {
    // 406 is nlohmann's number for a number that no double can hold. Its own texts quote the input, which may be large.
    const char* what = why.id == 406 ? "a number is out of range" : "not valid JSON (in UTF-8)";
    return refuse(code::kParseError, fmt::format("{} at byte {}", what, position));
  }

  Json root;
  ProtocolError error;

 private:
  bool refuse(int number, std::string message) {
    error = {number, std::move(message), {}};
    return false;
  }
  Json* place(Json value) {
    if (open_.empty()) return &(root = std::move(value));
    if (open_.back()->is_array()) return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    return &(*slot_ = std::move(value));
  }
  bool count() {
    if (++values_ <= bounds_.values_max) return true;
    return refuse(code::kInvalidRequest, fmt::format("more than {} JSON values in one message", bounds_.values_max));
  }
  bool put(Json value) {
    if (!count()) return false;
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (static_cast<int>(open_.size()) >= bounds_.depth_max)
      return refuse(code::kInvalidRequest, fmt::format("nested deeper than {} levels", bounds_.depth_max));
    if (!count()) return false;
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  ParseBounds bounds_;
  int values_ = 0;
  std::vector<Json*> open_;  // from the root inwards; an outer container does not grow while an inner one is open
  Json* slot_ = nullptr;     // where the value of the last key goes
};

Malformed invalid(std::string message, std::optional<RequestId> id = {}) {
  return {{code::kInvalidRequest, std::move(message), {}}, std::move(id)};
}

Element to_message(Json& json) {
  if (!json.is_object()) return invalid("a message must be a JSON object");
  std::optional<RequestId> id;
  const auto id_member = json.find("id");
  if (id_member != json.end()) id = to_id(*id_member);
  const auto version = json.find("jsonrpc");
  if (version == json.end() || *version != "2.0") return invalid("\"jsonrpc\" must be \"2.0\"", id);

  Message message;
  const auto method = json.find("method");
  if (method == json.end()) {
    if (!json.contains("result") && !json.contains("error")) return invalid("\"method\" is missing", id);
    message.kind = Message::Kind::response;
    message.id = id;
    const auto result = json.find("result");
    message.failed = result == json.end();
    message.outcome = std::move(message.failed ? json["error"] : *result);
    return message;
  }
  if (!method->is_string()) return invalid("\"method\" must be a string", id);
  if (id_member != json.end() && !id) return invalid("\"id\" must be a string or a 64-bit integer");
  message.kind = id ? Message::Kind::request : Message::Kind::notification;
  message.id = id;
  message.method = std::move(method->get_ref<std::string&>());
  const auto params = json.find("params");
  if (params != json.end() && !params->is_null()) {  // null: some clients write it for "none"
    if (!params->is_object()) return invalid("\"params\" must be an object", id);
    message.params = std::move(*params);
  }
  return message;
}

}  // namespace

Parsed parse(std::string_view bytes, ParseBounds bounds) {
  // nlohmann takes a NUL byte for the end of the text and would not see what follows.
  if (const auto nul = bytes.find('\0'); nul != bytes.npos)
    return Malformed{{code::kParseError, fmt::format("not valid JSON: a NUL byte at byte {}", nul + 1), {}}, {}};
  Builder builder(bounds);
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &builder)) return Malformed{std::move(builder.error), {}};
  if (!builder.root.is_array()) {
    return std::visit([](auto&& element) -> Parsed { return std::move(element); }, to_message(builder.root));
  }
  Batch batch;
  batch.reserve(builder.root.size());
  for (auto& element : builder.root) batch.push_back(to_message(element));
  return batch;
}

Json to_json(const RequestId& id) {
  return std::visit([](const auto& value) { return Json(value); }, id);
}

std::optional<RequestId> to_id(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned()) {
    // One integer has one representation, so that ids compare as numbers do: signed whenever it fits.
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return number;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return std::nullopt;
}

Json response(const RequestId& id, Json result) {
  Json json = {{"jsonrpc", "2.0"}, {"id", to_json(id)}};
  json["result"] = std::move(result);
  return json;
}

Json response(const std::optional<RequestId>& id, const ProtocolError& error) {
  Json json = {{"jsonrpc", "2.0"}, {"error", {{"code", error.code}, {"message", error.message}}}};
  if (error.data) json["error"]["data"] = *error.data;
  if (id) json["id"] = to_json(*id);
  return json;
}

Json notification(std::string_view method, Json params) {
  Json json = {{"jsonrpc", "2.0"}, {"method", method}};
  json["params"] = std::move(params);
  return json;
}

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace weir::mcp
