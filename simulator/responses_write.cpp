#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/likelihood.h"
#include "simulator/openai.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

Json usage_of(const Question& question, const Completion& completion) {
  const std::int64_t written = openai_model(question.model).cache_write ? completion.cache.written : 0;
  return {{"input_tokens", completion.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", completion.cache.read}, {"cache_write_tokens", written}}},
          {"output_tokens", completion.output_tokens()},
          {"output_tokens_details", {{"reasoning_tokens", completion.reasoning_tokens}}},
          {"total_tokens", completion.total_tokens()}};
}

const char* status_of(const Completion& completion) {
  const bool cut = completion.finish == Finish::length || completion.finish == Finish::filtered;
  return cut ? "incomplete" : "completed";
}

// Of an answer, or of a piece of it.
Json logprobs_of(const Question& question, const Completion& completion, std::string_view text) {
  if (!question.candidates) return Json::array();
  return openai_logprobs(steps_of(completion, text, *question.candidates));
}

Json part_of(const Question& question, const Completion& completion) {
  if (completion.declined) return {{"type", "refusal"}, {"refusal", completion.text}};
  return {{"type", "output_text"},
          {"text", completion.text},
          {"annotations", Json::array()},
          {"logprobs", logprobs_of(question, completion, completion.text)}};
}

// A reasoning model's thoughts, if it had any, and the message, unless the cap left nothing for it.
std::vector<Json> items_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  std::vector<Json> items;
  if (completion.reasoning_tokens > 0) {
    Json summary = Json::array();
    if (question.thoughts_shown) summary.push_back({{"type", "summary_text"}, {"text", completion.thought}});
    items.push_back({{"id", "rs_" + hex(envelope.id)}, {"type", "reasoning"}, {"summary", std::move(summary)}});
  }
  if (!completion.text.empty() || completion.finish == Finish::stop) {
    items.push_back({{"id", "msg_" + hex(envelope.id)},
                     {"type", "message"},
                     {"status", status_of(completion)},
                     {"role", "assistant"},
                     {"content", Json::array({part_of(question, completion)})}});
  }
  return items;
}

// The response object at some moment: without output and usage until it is over.
Json response_of(const Question& question, const Envelope& envelope, const char* status) {
  Json body = {{"id", "resp_" + hex(envelope.id)},
               {"object", "response"},
               {"created_at", envelope.unix_time},
               {"status", status},
               {"background", false},
               {"completed_at", nullptr},
               {"error", nullptr},
               {"incomplete_details", nullptr},
               {"model", question.model},
               {"output", Json::array()},
               {"usage", nullptr}};
  body.update(parse_json(question.echo));
  return body;
}

class Events {
 public:
  Events(const Question& question, const Completion& completion, const Envelope& envelope)
      : question_(question), completion_(completion), envelope_(envelope) {}

  std::vector<std::string> run() {
    const Json begun = response_of(question_, envelope_, "in_progress");
    add("response.created", {{"response", begun}});
    add("response.in_progress", {{"response", begun}});
    const std::vector<Json> items = items_of(question_, completion_, envelope_);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i]["type"] == "reasoning") {
        reasoning(items[i], i);
      } else {
        message(items[i], i);
      }
    }
    const Json whole = responses_answer(question_, completion_, envelope_);
    add("response." + std::string(status_of(completion_)), {{"response", whole}});
    return std::move(events_);
  }

 private:
  void add(const std::string& type, Json fields) {
    Json json = {{"type", type}};
    json.update(fields);
    json["sequence_number"] = sequence_++;
    events_.push_back(event(type, json));
  }

  void reasoning(const Json& item, std::size_t index) {
    Json begun = item;
    begun["summary"] = Json::array();
    add("response.output_item.added", {{"output_index", index}, {"item", begun}});
    if (!item["summary"].empty()) {
      const Json at = {{"item_id", item["id"]}, {"output_index", index}, {"summary_index", 0}};
      const auto with = [&](Json more) {
        Json fields = at;
        fields.update(more);
        return fields;
      };
      const Json& part = item["summary"][0];
      add("response.reasoning_summary_part.added", with({{"part", {{"type", "summary_text"}, {"text", ""}}}}));
      add("response.reasoning_summary_text.delta", with({{"delta", part["text"]}}));
      add("response.reasoning_summary_text.done", with({{"text", part["text"]}}));
      add("response.reasoning_summary_part.done", with({{"part", part}}));
    }
    add("response.output_item.done", {{"output_index", index}, {"item", item}});
  }

  void message(const Json& item, std::size_t index) {
    Json begun = item;
    begun["status"] = "in_progress";
    begun["content"] = Json::array();
    add("response.output_item.added", {{"output_index", index}, {"item", begun}});
    const Json at = {{"item_id", item["id"]}, {"output_index", index}, {"content_index", 0}};
    const auto with = [&](Json more) {
      Json fields = at;
      fields.update(more);
      return fields;
    };
    const Json& part = item["content"][0];
    const std::string kind = completion_.declined ? "refusal" : "output_text";
    const std::string field = completion_.declined ? "refusal" : "text";
    Json empty = part;
    empty[field] = "";
    if (!completion_.declined) empty["logprobs"] = Json::array();
    add("response.content_part.added", with({{"part", empty}}));
    for (const std::string_view piece : pieces(completion_.text, kStreamPiecesMax)) {
      Json delta = with({{"delta", piece}});
      if (!completion_.declined) delta["logprobs"] = logprobs_of(question_, completion_, piece);
      add("response." + kind + ".delta", std::move(delta));
    }
    Json done = with({{field, completion_.text}});
    if (!completion_.declined) done["logprobs"] = part["logprobs"];
    add("response." + kind + ".done", std::move(done));
    add("response.content_part.done", with({{"part", part}}));
    add("response.output_item.done", {{"output_index", index}, {"item", item}});
  }

  const Question& question_;
  const Completion& completion_;
  const Envelope& envelope_;
  std::vector<std::string> events_;
  int sequence_ = 0;
};

}  // namespace

Json responses_answer(const Question& question, const Completion& completion, const Envelope& envelope) {
  Json body = response_of(question, envelope, status_of(completion));
  if (completion.finish == Finish::length) body["incomplete_details"] = {{"reason", "max_output_tokens"}};
  if (completion.finish == Finish::filtered) body["incomplete_details"] = {{"reason", "content_filter"}};
  if (completion.finish == Finish::stop) body["completed_at"] = envelope.unix_time;
  for (Json& item : items_of(question, completion, envelope)) body["output"].push_back(std::move(item));
  if (completion.usage_known) body["usage"] = usage_of(question, completion);
  return body;
}

std::vector<std::string> responses_stream(const Question& question, const Completion& completion,
                                          const Envelope& envelope) {
  return Events(question, completion, envelope).run();
}

std::string responses_failure(const Question& question, const Envelope& envelope) {
  Json body = response_of(question, envelope, "failed");
  body["error"] = {{"code", "server_error"}, {"message", "The server had an error while processing your request."}};
  return event("response.failed", {{"type", "response.failed"}, {"response", std::move(body)}, {"sequence_number", 3}});
}

}  // namespace simulator
