// The composition root: with weir/core.h, what names every concrete type. Reading it tells what the program is made of.
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "config/config.h"
#include "config/invariant.h"
#include "mcp/auth/door.h"
#include "mcp/auth/metadata.h"
#include "mcp/cors.h"
#include "mcp/endpoint.h"
#include "mcp/http/server.h"
#include "mcp/stdio.h"
#include "mcp/task_store_sqlite.h"
#include "mcp/tasks.h"
#include "mcp/weir/command_line.h"
#include "mcp/weir/core.h"
#include "mcp/weir/diff_command.h"
#include "mcp/weir/draft.h"
#include "mcp/weir/front.h"
#include "mcp/weir/host.h"
#include "mcp/weir/keys_command.h"
#include "mcp/weir/limits_command.h"
#include "mcp/weir/options.h"
#include "mcp/weir/probes.h"
#include "mcp/weir/reading.h"
#include "mcp/weir/reload.h"
#include "mcp/weir/shell.h"
#include "mcp/weir/tracer.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {
namespace {

constexpr int kOk = 0, kFailed = 1;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void warn(const std::string& line) { spdlog::warn("{}", line); }
void complain(const std::string& line) { spdlog::error("{}", line); }

std::optional<Loaded> load_named(const std::string& option) {
  const auto file = find_config(option, environment);
  if (file)
    return mcp::load(DraftSource{.file = *file, .version = WEIR_VERSION, .environment = environment}, std::cerr);
  std::cerr << file.error().message << '\n';
  return std::nullopt;
}

// Logs go to stderr, from a thread of their own: a terminal that does not read must not hold the loop.
void log_to_stderr() {
  spdlog::init_thread_pool(8192, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::async_logger>("weir", std::move(sink), spdlog::thread_pool(),
                                                                    spdlog::async_overflow_policy::overrun_oldest));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

// The configuration is read, then what it says is made.
struct Program {
  Loaded loaded;
  std::unique_ptr<Core> core;
  std::unique_ptr<Callers> callers;
  std::unique_ptr<WeirHost> host;
  std::unique_ptr<Tasks> tasks;
  std::unique_ptr<Dispatcher> dispatcher;
  bool draining = false;
  std::function<void(const Config&)> on_load{};  // what the transport does when another is put in force
};

std::unique_ptr<TaskStore> task_store(Loop& loop, const ServerSettings& server) {
  if (server.tasks_file.empty()) return nullptr;
  return std::make_unique<SqliteTaskStore>(loop,
                                           SqliteTaskStoreOptions{.file = server.tasks_file, .complain = complain});
}

// For a command that makes no tasks.
std::unique_ptr<TaskStore> no_task_store(Loop&, const ServerSettings&) { return nullptr; }

GroupId group_of(Core& core, const ModelSettings& account) { return core.gate.group(limit_group(account)); }

// By these numbers the catalog knows its groups.
void open_groups(Core& core, const GroupNumbers& groups) {
  for (const GroupOptions& group : groups.stated()) {
    const GroupId number = core.gate.group(group);
    INVARIANT(number == groups.at(group.key), "group {} is not {}", number, groups.at(group.key));
    core.decisions.name(number, group.name);
  }
}

// Another configuration than before, while calls are on their way.
void put_in_force(Program& program, const Draft& draft) {
  Core& core = *program.core;
  open_groups(core, draft.groups);
  GateChange change = gate_change(draft);
  change.clients =
      program.callers->restate(*draft.config, [&core](const auto& account) { return group_of(core, account); });
  core.gate.reconfigure(change);
  core.restate(*draft.config);
  program.host->swap(draft.menu);
  if (program.on_load) program.on_load(*draft.config);
}

std::unique_ptr<Reload> reloading(Program& program) {
  auto reload = std::make_unique<Reload>(
      program.core->loop,
      ReloadOptions{
          .source = {.file = program.loaded.draft.config->file, .version = WEIR_VERSION, .environment = environment},
          .put_in_force = [&program](const Draft& draft) { put_in_force(program, draft); },
          .tell = [&program](Json loads) { program.host->tell_loads(std::move(loads)); },
          .note = [&program](Note note) { program.core->note(std::move(note)); }},
      program.loaded.draft, program.loaded.seen);
  program.core->loop.on_signal(SIGHUP, [reload = reload.get()] { reload->ask(); });
  return reload;
}

std::optional<Program> make_program(const std::string& config_option, decltype(task_store)* store) {
  auto loaded = load_named(config_option);
  if (!loaded) return std::nullopt;
  const Draft& first = loaded->draft;
  const ServerSettings& server = first.config->server;
  if (server.check_keys && !keys_are_good(*first.config, false, std::cerr)) return std::nullopt;
  Program program;
  program.core = std::make_unique<Core>(*first.config, WEIR_VERSION);
  Core& core = *program.core;
  open_groups(core, first.groups);
  program.callers = std::make_unique<Callers>(core.gate, *first.config,
                                              [&core](const auto& account) { return group_of(core, account); });
  program.host = std::make_unique<WeirHost>(Crew{core.loop, core.gate, core.calls, core.http_calls}, core.tally,
                                            *program.callers, first.menu->catalog, first.menu->options);
  program.host->runs().watch(
      {.log = &core.logs,
       .begin_trace = [&core, sample = first.config->tracing.sample](
                          const auto& caller) { return begin_trace(caller, sample, core.random); },
       .parent_of = [callers =
                         program.callers.get()](const std::string& client) { return callers->parent_of(client); }});
  program.host->usage_from({.desk = &core.usage,
                            .ledger = [&core] { return core.ledger.state(); },
                            .budgets = [&core] { return core.budgets.states(core.loop.wall()); }});
  program.tasks = std::make_unique<Tasks>(core.loop, program.host->changes(),
                                          TasksOptions{.slow_after = server.task_after, .ttl = server.task_ttl},
                                          store(core.loop, server));
  program.dispatcher = std::make_unique<Dispatcher>(
      *program.host, core.loop, program.tasks.get(),
      server.state_key ? StateSeal(server.state_key->reveal()) : StateSeal::with_random_key());
  program.loaded = std::move(*loaded);
  return program;
}

Readiness readiness(const Program& program) {
  Readiness ready;
  if (program.draining) ready.reasons.emplace_back("draining: the server was asked to stop");
  if (const LedgerState state = program.core->ledger.state(); !state.trouble.empty())
    ready.degraded.push_back("ledger: " + state.trouble);
  return ready;
}

std::string metrics(Program& program, const Gauges& process) {
  Core& core = *program.core;
  Gauges gauges = gauges_of(core.gate, *program.host->menu()->catalog);
  gauges.process = process.process;
  gauges.loop_lag = process.loop_lag;
  gauges.ledger = core.ledger.state();
  gauges.budgets = core.budgets.states(core.loop.wall());
  if (!program.loaded.draft.config->tracing.endpoint.empty()) gauges.spans = core.tracer.counts();
  return core.metrics.render(gauges);
}

// The end of the loop, once the last spans are out.
void stop_loop(Core& core) {
  core.tracer.flush(std::chrono::seconds(2), [&core] { core.loop.stop(); });
}

// What is asked to stop goes on until `drained` has run on a thread of its own; a second signal cuts that short.
void on_stop_signals(Program& program, std::function<void()> drained) {
  Core& core = *program.core;
  auto signals = std::make_shared<int>(0);
  const auto stop = [&program, &core, signals, drained = std::move(drained)] {
    if (++*signals == 1) {
      program.draining = true;
      core.gate.close();
      drained();
    } else {
      program.host->runs().cancel_all();
      core.loop.stop();
    }
  };
  core.loop.on_signal(SIGTERM, stop);
  core.loop.on_signal(SIGINT, stop);
}

int serve_stdio(Program& program) {
  // stdout belongs to the protocol: whatever else prints, prints to stderr.
  const int output = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  Core& core = *program.core;
  Stdio stdio(*program.dispatcher,
              {.output = output, .line_bytes_max = program.loaded.draft.config->server.body_bytes_max});
  const auto reload = reloading(program);
  on_stop_signals(program, [&] {
    program.host->changes()->close();
    stdio.stop();
  });
  std::thread reader([&] {
    stdio.run();
    core.loop.post([&] {
      program.host->runs().cancel_all();
      stop_loop(core);
    });
  });
  core.loop.run();
  stdio.stop();
  reader.join();
  program.tasks->close();
  return kOk;
}

int serve_http(Program& program, const std::string& address, const std::string& port_file) {
  const Config& config = *program.loaded.draft.config;
  const ServerSettings& server = config.server;
  const auto where = parse_address(address);
  if (!where) {
    std::cerr << "weir serve: --http: " << where.error().message << '\n';
    return kFailed;
  }
  allow_all_descriptors();
  Core& core = *program.core;
  print_warnings(front_warnings(config, where->host), std::cerr);
  // Only some of a flood of refusals are told, and those are noted too.
  Door door(core.loop, door_options(config, core.http, [&core](const std::string& line) {
              warn(line);
              core.loop.post([&core, line] {
                core.note({.at = {}, .kind = "auth_refused", .subject = "", .detail = Json{{"line", line}}.dump()});
              });
            }));
  const auto enter = [&](Handler endpoint) {
    return with_cors(guarded(std::move(endpoint), door), server.allowed_origins);
  };
  HttpServer http({.host = where->host,
                   .port = where->port,
                   .threads = server.http_threads,
                   .body_bytes_max = server.body_bytes_max,
                   .connections_max = server.connections_max,
                   .busy_body = busy_message(),
                   .idle_timeout = server.idle_timeout,
                   .read_timeout = server.read_timeout,
                   .write_timeout = server.write_timeout,
                   .tls_cert = server.tls_cert,
                   .tls_key = server.tls_key});
  http.route("/mcp", enter(http_endpoint(
                         *program.dispatcher,
                         {.allowed_hosts = server.allowed_hosts,
                          .allowed_origins = server.allowed_origins,
                          .loopback = is_loopback(where->host),
                          .resource_metadata = config.auth ? metadata_url(config.auth->audience) : std::string()})));
  if (config.auth) {
    for (const auto& path : metadata_paths(config.auth->audience)) http.route(path, metadata_handler(*config.auth));
  }
  http.route("/healthz", healthz_handler());
  http.route("/readyz", readyz_handler(core.loop, [&program] { return readiness(program); }));
  if (config.metrics.enabled) {
    http.route("/metrics", metrics_handler(core.loop,
                                           {.settings = config.metrics,
                                            .loopback = is_loopback(where->host),
                                            .allowed_hosts = server.allowed_hosts},
                                           [&program](const Gauges& gauges) { return metrics(program, gauges); }));
  }
  const auto port = http.listen();
  if (!port) {
    std::cerr << "weir serve: " << port.error().message << '\n';
    return kFailed;
  }
  if (!port_file.empty()) {
    if (const auto written = write_port_file(port_file, *port); !written) {
      std::cerr << "weir serve: " << written.error().message << '\n';
      return kFailed;
    }
  }
  spdlog::info("serving {}://{}:{}/mcp, tools={}", server.tls_cert.empty() ? "http" : "https", where->host, *port,
               program.loaded.draft.menu->catalog->tools().size());
  program.on_load = [&](const Config& now) {
    door.change(now.clients);
    for (const Mistake& warning : front_warnings(now, where->host)) spdlog::warn("configuration: {}", warning.text());
  };
  const auto reload = reloading(program);
  std::thread draining;
  Timer cut;
  on_stop_signals(program, [&] {
    spdlog::info("draining, in_air={}", program.host->runs().running());
    // Tasks have no connection that drain() could wait for, so they are waited for themselves.
    cut = core.loop.at(core.loop.now() + server.drain_timeout, [&program] { program.host->runs().cancel_all(); });
    draining = std::thread([&] {
      program.host->changes()->close();
      http.drain(server.drain_timeout);
      core.loop.post([&] { program.host->runs().when_empty([&core] { stop_loop(core); }); });
    });
  });
  core.loop.run();
  if (draining.joinable()) draining.join();
  program.tasks->close();
  return kOk;
}

int call(Program& program, const std::string& tool, const std::vector<std::string>& arguments,
         const std::string& json) {
  const Tool* found = program.loaded.draft.menu->catalog->find(tool);
  const auto parsed = parse_arguments(found, arguments, json);
  if (!parsed) {
    std::cerr << "weir call: " << parsed.error().message << '\n';
    return kFailed;
  }
  Menu menu = *program.host->menu();
  menu.options.result_bytes_max = std::numeric_limits<std::int64_t>::max();  // a shell takes results whole
  program.host->swap(std::make_shared<const Menu>(std::move(menu)));
  Core& core = *program.core;
  std::stop_source stop;
  Context context{.principal = {.name = "shell"}, .stop = stop.get_token(), .sink = std::make_shared<NoSink>()};
  std::optional<ToolReply> reply;
  on_stop_signals(program, [&] { stop.request_stop(); });
  program.host->call({tool, *parsed}, context, [&](ToolReply answered) {
    reply = std::move(answered);
    stop_loop(core);
  });
  core.loop.run();
  return reply && print_reply(*reply, is_list(found, *parsed), std::cout, std::cerr) ? kOk : kFailed;
}

// Of the server that runs: `config` only says where it listens, if no URL does.
int limits(const std::string& config, LimitsOptions options, const std::string& token) {
  if (options.url.empty()) {
    const auto loaded = load_named(config);
    if (!loaded) return kFailed;
    options.url = url_of(loaded->draft.config->server);
  }
  auto server = asked_server(options.url, token, environment);
  if (!server) {
    std::cerr << "weir limits: " << server.error().message << '\n';
    return kFailed;
  }
  options.token = std::move(server->token);
  return show_limits(std::move(options), std::cout, std::cerr) ? kOk : kFailed;
}

int diff(const Config& checked, DiffOptions options, const std::string& token) {
  auto server = asked_server(options.url.empty() ? url_of(checked.server) : options.url, token, environment);
  if (!server) {
    std::cerr << "weir check --diff: " << server.error().message << '\n';
    return kFailed;
  }
  options.url = std::move(server->url);
  options.token = std::move(server->token);
  return print_differences(checked, environment, options, std::cout, std::cerr) ? kOk : kFailed;
}

int run(int argc, char** argv) {
  auto read = read_options(argc, argv, WEIR_VERSION);
  if (const int* code = std::get_if<int>(&read)) return *code;
  auto& options = std::get<Options>(read);
  using Command = Options::Command;

  std::signal(SIGPIPE, SIG_IGN);
  log_to_stderr();
  if (options.command == Command::usage) return show_usage(std::move(options.usage), environment, std::cout, std::cerr);
  if (options.command == Command::limits) return limits(options.config, std::move(options.limits), options.token);
  if (options.command == Command::check || options.command == Command::tools) {
    const auto loaded = load_named(options.config);
    if (!loaded) return kFailed;
    const Config& checked = *loaded->draft.config;
    if (options.command == Command::check) {
      if (const auto where = parse_address(checked.server.http))
        print_warnings(front_warnings(checked, where->host), std::cerr);
      if (options.online && !keys_are_good(checked, true, std::cerr)) return kFailed;
      if (options.diff) return diff(checked, std::move(options.diff_options), options.token);
      std::cout << loaded->draft.menu->options.config_text;
    } else {
      print_tools(*loaded->draft.menu->catalog, std::cout);
    }
    return std::cout.flush() ? kOk : kFailed;
  }
  const bool calls = options.command == Command::call;
  if (calls) spdlog::set_level(spdlog::level::warn);
  auto program = make_program(options.config, calls ? no_task_store : task_store);
  if (!program) return kFailed;
  if (calls) return call(*program, options.tool, options.arguments, options.json);
  if (options.stdio) return serve_stdio(*program);
  return serve_http(*program, options.http.value_or(program->loaded.draft.config->server.http), options.port_file);
}

}  // namespace
}  // namespace weir::mcp

int main(int argc, char** argv) {
  int code = 1;
  try {
    code = weir::mcp::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir: %s\n", error.what());
  }
  spdlog::shutdown();
  return code;
}
