#include "mcp/weir/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

namespace weir::mcp {

std::variant<Options, int> read_options(int argc, char** argv, const std::string& version) {
  using Command = Options::Command;
  CLI::App app("Weir: an MCP server whose tools are LLM calls, made within the exact limits of their accounts.",
               "weir");
  app.set_version_flag("--version", "weir " + version);
  app.require_subcommand(1);
  Options options;
  const auto command = [&](Command which, const char* name, const char* what) {
    CLI::App* added = app.add_subcommand(name, what);
    added->add_option("--config", options.config,
                      "the TOML file (default: $WEIR_CONFIG, ./weir.toml, the XDG config folder)");
    added->callback([&options, which] { options.command = which; });
    return added;
  };

  auto* serve = command(Command::serve, "serve", "serve the tools over MCP");
  auto* stdio = serve->add_flag("--stdio", options.stdio, "over stdin and stdout, for a desktop client");
  serve->add_option("--http", options.http, "HOST:PORT instead of the configured address; port 0 = any")
      ->excludes(stdio);
  serve->add_option("--port-file", options.port_file, "where to write the port, once it is open")->excludes(stdio);

  auto* check = command(Command::check, "check", "report every mistake of the configuration, or print it in full");
  check->add_flag("--online", options.online, "also try each model's key, by a request that costs nothing");
  auto* diff =
      check->add_flag("--diff", options.diff,
                      "what a reload would change, instead; the exit code is 0 whether that is much or nothing");
  auto* against =
      check->add_option("--against", options.diff_options.against, "a file to compare with, instead of the server")
          ->needs(diff);
  check->add_option("--url", options.diff_options.url, "the server's /mcp (default: where the configuration listens)")
      ->needs(diff)
      ->excludes(against);
  check->add_option("--token", options.token, "env:NAME or file:/path, where the server wants a token")->needs(diff);

  command(Command::tools, "tools", "list the tools");

  auto* call = command(Command::call, "call", "call one tool, by the same path as over MCP");
  call->add_option("TOOL", options.tool, "its name")->required();
  call->add_option("--arg", options.arguments, "NAME=VALUE; VALUE may be @FILE, or @- for stdin")->take_all();
  call->add_option("--json", options.json, "all arguments as one JSON object");

  auto* limits = command(Command::limits, "limits", "what a server that runs has left of its limits");
  limits->add_option("--url", options.limits.url, "the server's /mcp (default: where the configuration listens)");
  limits->add_option("--token", options.token, "env:NAME or file:/path, where the server wants a token");
  limits->add_flag("--json", options.limits.json, "as JSON; with --watch, a line each time");
  double every_s = 2;
  auto* watch = limits->add_option("--watch", every_s, "again every so many seconds (default 2)")
                    ->expected(0, 1)
                    ->check(CLI::Range(0.1, 3600.0));

  CLI::App* usage = add_usage_command(app, options.usage);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (*usage) options.command = Command::usage;
  if (*watch) options.limits.every = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(every_s));
  options.limits.terminal = isatty(STDOUT_FILENO) == 1;
  return options;
}

}  // namespace weir::mcp
