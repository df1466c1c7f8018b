// A ledger's file made by hand, for questions.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tools/ledger/opening.h"
#include "tools/ledger/schema.h"

namespace weir {

class LedgerFile {
 public:
  LedgerFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-questions-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    exec("");
  }
  ~LedgerFile() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/ledger.db"; }
  void exec(const std::string& sql) { open_ledger(path(), std::chrono::seconds(5), ledger_steps()).exec(sql); }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // One call and its only attempt, in the tables that rows of the last days are in.
  void call(int id, const std::string& client, const std::string& model, std::int64_t took_us,
            const std::string& cost) {
    exec("INSERT INTO calls VALUES (" + std::to_string(id) + ", 1700000000000000 + " + std::to_string(id) +
         ", 1700000001000000, 'summarise', 'prompt', '" + client + "', 'http', '" + model +
         "', 'openai', '', 'ok', NULL, NULL, NULL, 0, 0, 0, 0, 5000, 3000, " + std::to_string(took_us) + ", 1, '')");
    exec(
        "INSERT INTO attempts VALUES (" + std::to_string(id) + ", " + std::to_string(id) +
        ", 1, 1, 0, 0, 1700000001000000, 'summarise', '" + client + "', '" + model +
        "', 'openai', '', '', 'ok', NULL, 200, 100, 20, 0, 30, 5, 0, 120, 60, 0, 0, 0, '{\"tpm\": 3000}', NULL, 900, " +
        cost + ", '', '')");
  }
  void sums(const std::string& table, std::int64_t start_us, const std::string& tool, const std::string& client,
            const std::string& model, int calls, std::int64_t cost_nano, int cost_unknown = 0) {
    exec("INSERT INTO " + table +
         " (start_us, tool, client, model, calls, answered, attempts, took_us, uncached_input_tokens, output_tokens, "
         "cost_nano, cost_unknown) VALUES (" +
         std::to_string(start_us) + ", '" + tool + "', '" + client + "', '" + model + "', " + std::to_string(calls) +
         ", " + std::to_string(calls) + ", " + std::to_string(calls) + ", " + std::to_string(calls * 2000) + ", " +
         std::to_string(calls * 100) + ", " + std::to_string(calls * 10) + ", " + std::to_string(cost_nano) + ", " +
         std::to_string(cost_unknown) + ")");
  }

 private:
  std::string folder_;
};

}  // namespace weir
