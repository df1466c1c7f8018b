// Whether a tool can be called at all within its model's and its callers' limits, and how much of the stated rate its
// budget leaves.
// Shape:   findings about one tool, by what its calls reserve at least and at most; text is taken as ASCII, one byte a
//          character (three bytes are one token, so other scripts reserve up to four times as much).
// Units:   tokens.
// Threads: a function of values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "limiter/limit.h"
#include "tools/catalog/template.h"
#include "tools/model.h"

namespace weir {

struct BudgetFindings {
  struct Finding {
    int line = 0;
    std::string what;
  };
  std::vector<Finding> mistakes;  // no call ever fits
  std::vector<Finding> warnings;  // a long text does not fit; a rate that a budget defeats
  Estimate least{};               // what the smallest call reserves
};

struct Templates {
  std::shared_ptr<const Template> system, prompt;
};

// One way in which a tool is called.
struct Asked {
  const ToolSettings& tool;
  const Templates& templates;
  const ModelSettings& model;
  ProfileSettings profile{};
  std::shared_ptr<const AnswerFormat> format{};
  std::shared_ptr<const std::vector<Shot>> shots{};
};
// `argument_bytes_max` bounds what a caller can send (server.body_bytes_max).
BudgetFindings check_budget(const Asked& asked, std::int64_t argument_bytes_max);

// A tool by what its smallest call reserves.
struct Smallest {
  std::string tool, alias;
  Estimate least;
};
// The limits of clients that some tool never fits: one warning for each limit as it is stated, however many clients it
// is of.
std::vector<BudgetFindings::Finding> check_client_budgets(const Config& config, const std::vector<Smallest>& tools);

}  // namespace weir
