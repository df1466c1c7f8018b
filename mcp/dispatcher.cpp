#include "mcp/dispatcher.h"

#include <atomic>
#include <cstdio>
#include <exception>
#include <utility>

#include "mcp/jsonrpc.h"
#include "mcp/paging.h"
#include "mcp/revision.h"
#include "mcp/rounds.h"
#include "mcp/tasks.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

using AnswerFn = std::function<void(Answer)>;

// More rounds than this with one legacy caller, who is asked in the middle of a call, are a loop.
constexpr int kRoundsMax = 32;

// What `done` is called through: the first answer counts.
class Once {
 public:
  explicit Once(AnswerFn done) : done_(std::move(done)) {}
  void operator()(Answer answer) {
    if (!called_.exchange(true)) std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  std::atomic<bool> called_ = false;
  AnswerFn done_;
};

Answer internal_error() {
  return ProtocolError{code::kInternalError, "the server failed inside; its log says how", {}};
}

template <typename Reply>
Answer to_answer(Reply reply) {
  return std::visit([](auto&& one) -> Answer { return std::move(one); }, std::move(reply));
}

template <typename Fn>
void guarded(const AnswerFn& done, Fn&& fn) {
  try {
    fn();
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "weir: a call failed inside: %s\n", broken.what());
    done(internal_error());
  }
}

// One round at the host.
void ask_host(Host& host, ToolCall call, Context context, const AnswerFn& done) {
  guarded(done, [&] {
    host.call(std::move(call), std::move(context), [done](ToolReply reply) { done(to_answer(std::move(reply))); });
  });
}
void ask_host(Host& host, PromptCall call, Context context, const AnswerFn& done) {
  guarded(done, [&] {
    host.get(std::move(call), std::move(context), [done](PromptReply reply) { done(to_answer(std::move(reply))); });
  });
}
void ask_host(Host& host, ResourceRead call, Context context, const AnswerFn& done) {
  guarded(done, [&] {
    host.read(std::move(call), std::move(context), [done](ReadReply reply) { done(to_answer(std::move(reply))); });
  });
}

Answer cannot_be_asked(const std::string& why, bool tool) {
  if (!tool) return ProtocolError{code::kInvalidParams, why, {}};
  ToolResult result;
  result.is_error = true;
  result.content.push_back({{"type", "text"}, {"text", why}});
  return result;
}

// A call to a legacy caller: what the host needs is asked for in the middle of it.
template <typename Request>
void rounds_in_between(Host& host, Request request, Context context, AnswerFn done, int round = 0) {
  constexpr bool kTool = std::is_same_v<Request, ToolCall>;
  auto next = [&host, request, context, done, round](Answer answer) mutable {
    auto* need = std::get_if<NeedInput>(&answer);
    if (need == nullptr) return done(std::move(answer));
    if (context.asker == nullptr)
      return done(
          cannot_be_asked("this needs the caller's input, which can be had over stdio, or by a client of "
                          "protocol version " +
                              std::string(revisions().front()->date),
                          kTool));
    if (const auto lack = lacking(needed_by(*need), context.client_capabilities))
      return done(cannot_be_asked("this needs a client that can be asked: " + lack->data->dump(), kTool));
    if (round >= kRoundsMax) return done(cannot_be_asked("this asks for input without end", kTool));
    request.round.state = need->state;
    auto asker = context.asker;
    put_to(*asker, *need,
           [&host, request = std::move(request), context = std::move(context), done,
            round](std::variant<Json, ProtocolError> answers) mutable {
             if (auto* error = std::get_if<ProtocolError>(&answers))
               return done(cannot_be_asked("the caller was asked for input and answered: " + error->message, kTool));
             request.round.answers = std::get<Json>(std::move(answers));
             rounds_in_between(host, std::move(request), std::move(context), std::move(done), round + 1);
           });
  };
  ask_host(host, std::move(request), std::move(context), std::move(next));
}

}  // namespace

void Host::get(PromptCall call, Context, std::function<void(PromptReply)> done) {
  done(ProtocolError{code::kInvalidParams, "no prompt named \"" + call.name.substr(0, 100) + "\"", {}});
}

void Host::read(ResourceRead call, Context, std::function<void(ReadReply)> done) {
  done(ProtocolError{code::kResourceNotFound, "no such resource", Json{{"uri", call.uri}}});
}

void Host::complete(Complete, Context, std::function<void(CompleteReply)> done) { done(Suggestions{}); }

bool Host::readable(const std::string&, const Principal&) const { return false; }

// One call on its way.
class Dispatcher::Visit {
 public:
  Visit(Dispatcher& dispatcher, Context context, std::shared_ptr<Once> done)
      : dispatcher_(dispatcher), host_(dispatcher.host_), context_(std::move(context)), done_(std::move(done)) {}

  void operator()(Introduce&) { introduce(); }
  void operator()(Initialize&) { introduce(); }
  void operator()(Ping&) { (*done_)(Done{}); }
  void operator()(SetLevel&) { (*done_)(Done{}); }  // what it means is the transport's
  void operator()(Watch&) { (*done_)(Done{}); }
  void operator()(Listen&) {
    (*done_)(ProtocolError{code::kMethodNotFound, "this transport has no subscriptions", {}});
  }
  void operator()(List& list) { (*done_)(to_answer(page_of(host_.offer(), list))); }
  void operator()(Complete& call) {
    host_.complete(std::move(call), std::move(context_),
                   [done = done_](CompleteReply reply) { (*done)(to_answer(std::move(reply))); });
  }
  void operator()(TaskCall& call) {
    if (dispatcher_.tasks_ == nullptr)
      return (*done_)(ProtocolError{code::kMethodNotFound, "there are no tasks here", {}});
    (*done_)(dispatcher_.tasks_->call(call, context_.principal));
  }
  void operator()(PromptCall& call) { ask(std::move(call)); }
  void operator()(ResourceRead& call) { ask(std::move(call)); }
  void operator()(ToolCall& call) {
    const auto offer = host_.offer();
    const auto* tool = find(*offer, call.name);
    if (tool == nullptr) return ask(std::move(call));  // the host says best what there is
    if (context_.takes_rounds)
      if (auto lack = lacking(tool->needs, context_.client_capabilities)) return (*done_)(std::move(*lack));
    task_ = tool->task;
    ask(std::move(call));
  }

  static const ToolDefinition* find(const Offer& offer, const std::string& name) {
    const auto found = std::find_if(offer.tools.begin(), offer.tools.end(),
                                    [&](const ToolDefinition& tool) { return tool.name == name; });
    return found == offer.tools.end() ? nullptr : &*found;
  }

 private:
  void introduce() { (*done_)(Introduction{host_.instructions(), context_.offered, host_.offer()->validity}); }

  template <typename Request>
  void ask(Request request) {
    const AnswerFn done = [once = done_](Answer answer) { (*once)(std::move(answer)); };
    if (!context_.takes_rounds) {
      request.round = {};
      return rounds_in_between(host_, std::move(request), std::move(context_), done);
    }
    const auto bound_to = binding(context_.principal, request);
    if (request.round.state) {
      auto opened = dispatcher_.seal_.open(*request.round.state, bound_to, dispatcher_.loop_.wall());
      if (!opened) return done(ProtocolError{code::kInvalidParams, opened.error().message, {}});
      request.round.state = std::move(*opened);
    }
    const auto sealed = [this_dispatcher = &dispatcher_, bound_to, capabilities = context_.client_capabilities,
                         done](Answer answer) {
      auto* need = std::get_if<NeedInput>(&answer);
      if (need == nullptr) return done(std::move(answer));
      if (auto lack = lacking(needed_by(*need), capabilities)) return done(std::move(*lack));
      if (need->state) need->state = this_dispatcher->seal_.seal(*need->state, bound_to, this_dispatcher->loop_.wall());
      done(std::move(answer));
    };
    if constexpr (std::is_same_v<Request, ToolCall>) {
      if (task_ != TaskUse::never && dispatcher_.tasks_ != nullptr && knows_tasks(context_.client_capabilities))
        return dispatcher_.tasks_->run(
            task_, std::move(request), std::move(context_),
            [&host = host_](ToolCall call, Context context, const AnswerFn& landed) {
              ask_host(host, std::move(call), std::move(context), landed);
            },
            sealed);
    }
    ask_host(host_, std::move(request), std::move(context_), sealed);
  }

  static bool knows_tasks(const Json& capabilities) {
    return !lacking({{"extensions", {{wire::kTasks, Json::object()}}}}, capabilities);
  }

  Dispatcher& dispatcher_;
  Host& host_;
  Context context_;
  std::shared_ptr<Once> done_;
  TaskUse task_ = TaskUse::never;
};

Capabilities Dispatcher::capabilities() const {
  const auto offer = host_.offer();
  // A reload may bring prompts: who is told of none now would never ask.
  return {.prompts = !offer->prompts.empty() || offer->changing,
          .resources = !offer->resources.empty() || !offer->templates.empty(),
          .completions = offer->completions,
          .logging = offer->logging,
          .changes = host_.changes() != nullptr,
          .list_changes = host_.changes() != nullptr && offer->changing,
          .tasks = tasks_ != nullptr};
}

std::vector<std::string> Dispatcher::scopes(const Call& call) const {
  const auto offer = host_.offer();
  if (const auto* tool = std::get_if<ToolCall>(&call)) {
    const auto* found = Visit::find(*offer, tool->name);
    if (found != nullptr) return found->scopes;
  }
  if (const auto* prompt = std::get_if<PromptCall>(&call))
    for (const auto& one : offer->prompts)
      if (one.name == prompt->name) return one.scopes;
  return {};
}

Interest Dispatcher::honoured(const Listen& listen, const Context& context) const {
  Interest interest;
  if (host_.changes() == nullptr) return interest;
  interest.tools = listen.tools && context.offered.list_changes;
  interest.prompts = listen.prompts && context.offered.list_changes && context.offered.prompts;
  interest.resources = listen.resources && context.offered.list_changes && context.offered.resources;
  for (const auto& uri : listen.uris)
    if (host_.readable(uri, context.principal)) interest.uris.insert(uri);
  for (const auto& id : listen.tasks)
    if (tasks_ != nullptr && tasks_->known(id, context.principal)) interest.tasks.insert(id);
  return interest;
}

void Dispatcher::dispatch(Call call, Context context, std::function<void(Answer)> done) {
  auto once = std::make_shared<Once>(std::move(done));
  Visit visit(*this, std::move(context), once);
  guarded([once](Answer answer) { (*once)(std::move(answer)); }, [&] { std::visit(visit, call); });
}

}  // namespace weir::mcp
