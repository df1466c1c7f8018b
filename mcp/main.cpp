// The composition root: the one file that names every concrete type. Reading it tells what the program is made of.
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "config/config.h"
#include "config/secret_source.h"
#include "limiter/gate.h"
#include "limiter/loop_uv.h"
#include "limiter/store_memory.h"
#include "limiter/tally.h"
#include "mcp/auth/door.h"
#include "mcp/auth/metadata.h"
#include "mcp/cors.h"
#include "mcp/endpoint.h"
#include "mcp/http/server.h"
#include "mcp/stdio.h"
#include "mcp/task_store_sqlite.h"
#include "mcp/tasks.h"
#include "mcp/weir/command_line.h"
#include "mcp/weir/decisions.h"
#include "mcp/weir/front.h"
#include "mcp/weir/host.h"
#include "mcp/weir/limits_command.h"
#include "mcp/weir/shell.h"
#include "tools/cache/answer_cache.h"
#include "tools/callers.h"
#include "tools/calls.h"
#include "tools/catalog/catalog.h"
#include "tools/flights.h"
#include "tools/http/curl.h"
#include "tools/key_check.h"
#include "tools/operators/http_call.h"

namespace weir::mcp {
namespace {

constexpr int kOk = 0, kFailed = 1;  // CLI11 answers usage errors with its own codes, above 100

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Everything that lives on the core's loop. Destroyed from the bottom up.
struct Core {
  UvLoop loop;
  MemoryStore store;
  Tally tally;
  Decisions decisions{tally, [](const std::string& line) { spdlog::warn("{}", line); }};
  Gate gate;
  RetryBudgets retry_budgets;
  Estimator estimator;
  std::mt19937_64 random{std::random_device{}()};
  CurlClient http;
  Flights flights;
  AnswerCache cache;
  Calls calls;
  HttpCalls http_calls;

  explicit Core(const ServerSettings& server)
      : gate(loop, store,
             {.slots = server.concurrency_limit,
              .queue_limit = server.queue_limit,
              .queue_bytes = server.queue_bytes,
              .max_wait = server.max_wait,
              .aging_bound = server.aging_bound,
              .observer = &decisions,
              .seed = std::random_device{}()}),
        http(loop),
        flights({loop, gate, http, retry_budgets, estimator, random}),
        cache(loop, {.file = server.cache_file,
                     .bytes_max = server.cache_bytes,
                     .complain = [](const std::string& line) { spdlog::error("{}", line); }}),
        calls(loop, flights, &cache),
        http_calls(loop, http, random, {.queue_limit = server.queue_limit, .max_wait = server.max_wait}) {}
};

struct Loaded {
  Config config;
  std::shared_ptr<const Catalog> catalog;
};

// The configuration and its catalog, or nothing after all its mistakes were printed to stderr.
std::optional<Loaded> load(const std::string& option, const std::function<GroupId(const GroupOptions&)>& group_of) {
  const auto file = find_config(option, environment);
  if (!file) {
    std::cerr << file.error().message << '\n';
    return std::nullopt;
  }
  auto config = load_config(*file, environment);
  if (!config) {
    print_mistakes(config.error(), std::cerr);
    return std::nullopt;
  }
  CatalogCheck check = build_catalog(*config, group_of);
  print_warnings(check.warnings, std::cerr);
  if (const auto mistakes = front_mistakes(*config); !mistakes.empty()) {
    print_mistakes(mistakes, std::cerr);
    return std::nullopt;
  }
  if (!check.catalog) {
    print_mistakes(check.mistakes, std::cerr);
    return std::nullopt;
  }
  return Loaded{std::move(*config), std::move(check.catalog)};
}

// Asks the providers, and prints what they say to stderr. False: some calls are sure to fail.
bool keys_are_good(const Config& config, bool tell_good) {
  UvLoop loop;
  CurlClient http(loop);
  std::vector<KeyVerdict> verdicts;
  KeyCheck check(http, config, [&](std::vector<KeyVerdict> found) {
    verdicts = std::move(found);
    loop.stop();
  });
  loop.post([&] { check.start(); });
  loop.run();
  return print_verdicts(config.file, verdicts, tell_good, std::cerr);
}

// Groups that nobody will enter: for commands that only look.
GroupId no_group(const GroupOptions&) { return 0; }

// Logs go to stderr, from a thread of their own: a terminal that does not read must not hold the loop.
void log_to_stderr() {
  spdlog::init_thread_pool(8192, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::async_logger>("weir", std::move(sink), spdlog::thread_pool(),
                                                                    spdlog::async_overflow_policy::overrun_oldest));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

// The catalog needs the gate's groups, the gate needs the server's settings: the configuration is read, then the core
// is made.
struct Program {
  Loaded loaded;
  std::unique_ptr<Core> core;
  std::unique_ptr<Callers> callers;
  std::unique_ptr<WeirHost> host;
  std::unique_ptr<Tasks> tasks;
  std::unique_ptr<Dispatcher> dispatcher;
};

std::unique_ptr<TaskStore> task_store(Loop& loop, const ServerSettings& server) {
  if (server.tasks_file.empty()) return nullptr;
  return std::make_unique<SqliteTaskStore>(
      loop, SqliteTaskStoreOptions{.file = server.tasks_file,
                                   .complain = [](const std::string& line) { spdlog::error("{}", line); }});
}

// For a command that makes no tasks.
std::unique_ptr<TaskStore> no_task_store(Loop&, const ServerSettings&) { return nullptr; }

std::optional<Program> make_program(const std::string& config_option, decltype(task_store)* store) {
  auto first = load(config_option, no_group);
  if (!first || (first->config.server.check_keys && !keys_are_good(first->config, false))) return std::nullopt;
  Program program;
  program.core = std::make_unique<Core>(first->config.server);
  Core& core = *program.core;
  auto catalog =
      build_catalog(first->config, [&](const GroupOptions& options) { return core.gate.group(options); }).catalog;
  const ServerSettings& server = first->config.server;
  const auto group_of = [&](const ModelSettings& account) { return core.gate.group(limit_group(account)); };
  for (const auto& [alias, model] : first->config.models)
    for (const ModelSettings& account : accounts_of(model)) core.decisions.name(group_of(account), account.alias);
  program.callers = std::make_unique<Callers>(core.gate, first->config, group_of);
  program.host = std::make_unique<WeirHost>(Crew{core.loop, core.gate, core.calls, core.http_calls}, core.tally,
                                            *program.callers, catalog,
                                            WeirHostOptions{.version = WEIR_VERSION,
                                                            .config_text = effective_config(first->config),
                                                            .subscriptions_max = server.subscriptions_max,
                                                            .limits_tool = server.limits_tool,
                                                            .result_bytes_max = server.result_bytes_max});
  program.tasks = std::make_unique<Tasks>(core.loop, program.host->changes(),
                                          TasksOptions{.slow_after = server.task_after, .ttl = server.task_ttl},
                                          store(core.loop, server));
  program.dispatcher = std::make_unique<Dispatcher>(
      *program.host, core.loop, program.tasks.get(),
      server.state_key ? StateSeal(server.state_key->reveal()) : StateSeal::with_random_key());
  program.loaded = {std::move(first->config), std::move(catalog)};
  return program;
}

// What is asked to stop goes on until `drained` has run on a thread of its own; a second signal cuts that short.
void on_stop_signals(Program& program, std::function<void()> drained) {
  Core& core = *program.core;
  auto signals = std::make_shared<int>(0);
  const auto stop = [&program, &core, signals, drained = std::move(drained)] {
    if (++*signals == 1) {
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
  Stdio stdio(*program.dispatcher, {.output = output, .line_bytes_max = program.loaded.config.server.body_bytes_max});
  on_stop_signals(program, [&] {
    program.host->changes()->close();
    stdio.stop();
  });
  std::thread reader([&] {
    stdio.run();
    core.loop.post([&] {
      program.host->runs().cancel_all();
      core.loop.stop();
    });
  });
  core.loop.run();
  stdio.stop();
  reader.join();
  program.tasks->close();
  return kOk;
}

int serve_http(Program& program, const std::string& address, const std::string& port_file) {
  const ServerSettings& server = program.loaded.config.server;
  const auto where = parse_address(address);
  if (!where) {
    std::cerr << "weir serve: --http: " << where.error().message << '\n';
    return kFailed;
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  Core& core = *program.core;
  const Config& config = program.loaded.config;
  print_warnings(front_warnings(config, where->host), std::cerr);
  Door door(core.loop, door_options(config, core.http, [](const std::string& line) { spdlog::warn("{}", line); }));
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
  http.route("/healthz", [](const Inbound&, const std::shared_ptr<Exchange>& exchange) {
    exchange->reply({.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = "ok\n"});
  });
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
               program.loaded.catalog->tools().size());
  std::thread draining;
  Timer cut;
  on_stop_signals(program, [&] {
    spdlog::info("draining, in_air={}", program.host->runs().running());
    // Tasks have no connection that drain() could wait for, so they are waited for themselves.
    cut = core.loop.at(core.loop.now() + server.drain_timeout, [&program] { program.host->runs().cancel_all(); });
    draining = std::thread([&] {
      program.host->changes()->close();
      http.drain(server.drain_timeout);
      core.loop.post([&] { program.host->runs().when_empty([&core] { core.loop.stop(); }); });
    });
  });
  core.loop.run();
  if (draining.joinable()) draining.join();
  program.tasks->close();
  return kOk;
}

int call(Program& program, const std::string& tool, const std::vector<std::string>& arguments,
         const std::string& json) {
  const Tool* found = program.loaded.catalog->find(tool);
  const auto parsed = parse_arguments(found, arguments, json);
  if (!parsed) {
    std::cerr << "weir call: " << parsed.error().message << '\n';
    return kFailed;
  }
  Core& core = *program.core;
  std::stop_source stop;
  Context context{.principal = {.name = "shell"}, .stop = stop.get_token(), .sink = std::make_shared<NoSink>()};
  std::optional<ToolReply> reply;
  on_stop_signals(program, [&] { stop.request_stop(); });
  program.host->call({tool, *parsed}, context, [&](ToolReply answered) {
    reply = std::move(answered);
    core.loop.stop();
  });
  core.loop.run();
  return reply && print_reply(*reply, std::cout, std::cerr) ? kOk : kFailed;
}

// What a server that runs has left: `config` only says where it listens, if no URL does.
int limits(const std::string& config, LimitsOptions options, const std::string& token) {
  if (options.url.empty()) {
    const auto loaded = load(config, no_group);
    if (!loaded) return kFailed;
    options.url = url_of(loaded->config.server);
  }
  if (!token.empty()) {
    auto secret = read_secret(token, environment);
    if (!secret) {
      std::cerr << "weir limits: --token: " << secret.error() << '\n';
      return kFailed;
    }
    options.token = std::move(*secret);
  }
  options.terminal = isatty(STDOUT_FILENO) == 1;
  UvLoop loop;
  CurlClient http(loop);
  bool good = false;
  LimitsCommand command(loop, http, std::move(options), std::cout, std::cerr, [&](bool well) {
    good = well;
    loop.stop();
  });
  for (const int signal : {SIGINT, SIGTERM})
    loop.on_signal(signal, [&] {
      good = true;
      loop.stop();
    });
  command.ask();
  loop.run();
  return good ? kOk : kFailed;
}

int run(int argc, char** argv) {
  CLI::App app("Weir: an MCP server whose tools are LLM calls, made within the exact limits of their accounts.",
               "weir");
  app.set_version_flag("--version", "weir " WEIR_VERSION);
  app.require_subcommand(1);
  std::string config, http, port_file, tool, json;
  std::vector<std::string> arguments;
  bool stdio = false;
  const auto with_config = [&](CLI::App* command) {
    command->add_option("--config", config,
                        "the TOML file (default: $WEIR_CONFIG, ./weir.toml, the XDG config folder)");
    return command;
  };
  auto* serve = with_config(app.add_subcommand("serve", "serve the tools over MCP"));
  auto* stdio_flag = serve->add_flag("--stdio", stdio, "over stdin and stdout, for a desktop client");
  auto* http_option = serve->add_option("--http", http, "HOST:PORT instead of the configured address; port 0 = any")
                          ->excludes(stdio_flag);
  serve->add_option("--port-file", port_file, "where to write the port, once it is open")->excludes(stdio_flag);
  auto* check =
      with_config(app.add_subcommand("check", "report every mistake of the configuration, or print it in full"));
  bool online = false;
  check->add_flag("--online", online, "also try each model's key, by a request that costs nothing");
  auto* tools = with_config(app.add_subcommand("tools", "list the tools"));
  auto* call_command = with_config(app.add_subcommand("call", "call one tool, by the same path as over MCP"));
  call_command->add_option("TOOL", tool, "its name")->required();
  call_command->add_option("--arg", arguments, "NAME=VALUE; VALUE may be @FILE, or @- for stdin")->take_all();
  call_command->add_option("--json", json, "all arguments as one JSON object");
  LimitsOptions limits_options;
  std::string token;
  double every_s = 2;
  auto* limits_command = with_config(app.add_subcommand("limits", "what a server that runs has left of its limits"));
  limits_command->add_option("--url", limits_options.url,
                             "the server's /mcp (default: where the configuration listens)");
  limits_command->add_option("--token", token, "env:NAME or file:/path, where the server wants a token");
  limits_command->add_flag("--json", limits_options.json, "as JSON; with --watch, a line each time");
  auto* watch = limits_command->add_option("--watch", every_s, "again every so many seconds (default 2)")
                    ->expected(0, 1)
                    ->check(CLI::Range(0.1, 3600.0));
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);
  log_to_stderr();
  if (*limits_command) {
    if (*watch) limits_options.every = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(every_s));
    return limits(config, std::move(limits_options), token);
  }
  if (*check || *tools) {
    const auto loaded = load(config, no_group);
    if (!loaded) return kFailed;
    if (*check) {
      if (const auto where = parse_address(loaded->config.server.http))
        print_warnings(front_warnings(loaded->config, where->host), std::cerr);
      if (online && !keys_are_good(loaded->config, true)) return kFailed;
      std::cout << effective_config(loaded->config);
    } else {
      print_tools(*loaded->catalog, std::cout);
    }
    return std::cout.flush() ? kOk : kFailed;
  }
  if (*call_command) spdlog::set_level(spdlog::level::warn);
  auto program = make_program(config, *call_command ? no_task_store : task_store);
  if (!program) return kFailed;
  if (*call_command) return call(*program, tool, arguments, json);
  if (stdio) return serve_stdio(*program);
  return serve_http(*program, *http_option ? http : program->loaded.config.server.http, port_file);
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
