#include "tools/schema/references.h"

namespace weir::schema {
namespace {

struct Uri {
  std::string_view scheme{}, authority{}, path{}, query{}, fragment{};  // with ":", "//", "?" and "#"; empty = absent
};

Uri split(std::string_view text) {
  Uri uri;
  const auto take = [&](std::size_t end) {
    const auto part = text.substr(0, end);
    text.remove_prefix(part.size());
    return part;
  };
  const auto hash = text.find('#');
  if (hash != text.npos) {
    uri.fragment = text.substr(hash);
    text = text.substr(0, hash);
  }
  const auto colon = text.find(':');
  if (colon != text.npos && colon > 0 && colon < text.find_first_of("/?")) uri.scheme = take(colon + 1);
  if (text.starts_with("//")) uri.authority = take(text.find_first_of("/?", 2));
  uri.path = take(text.find('?'));
  uri.query = text;
  return uri;
}

// RFC 3986 §5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else if (path.starts_with("/./") || path == "/.") {
      path = path == "/." ? "/" : path.substr(2);
    } else if (path.starts_with("/../") || path == "/..") {
      path = path == "/.." ? "/" : path.substr(3);
      out.resize(out.rfind('/') == out.npos ? 0 : out.rfind('/'));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const auto next = path.find('/', 1);
      out += path.substr(0, next);
      path.remove_prefix(next == path.npos ? path.size() : next);
    }
  }
  return out;
}

std::string joined(const Uri& uri, std::string_view path) {
  std::string text(uri.scheme);
  return text.append(uri.authority).append(path).append(uri.query).append(uri.fragment);
}

}  // namespace

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  const Uri base = split(base_text);
  Uri uri = split(reference);
  if (!uri.scheme.empty()) return joined(uri, without_dots(uri.path));
  uri.scheme = base.scheme;
  if (!uri.authority.empty()) return joined(uri, without_dots(uri.path));
  uri.authority = base.authority;
  if (uri.path.empty()) {
    if (uri.query.empty()) uri.query = base.query;
    return joined(uri, base.path);
  }
  if (uri.path.starts_with('/')) return joined(uri, without_dots(uri.path));
  std::string path(base.path.substr(0, base.path.rfind('/') + 1));  // npos + 1 = 0
  if (!base.authority.empty() && base.path.empty()) path = "/";
  return joined(uri, without_dots(path.append(uri.path)));
}

std::string pointer_step(std::string_view key) {
  std::string step = "/";
  for (const char c : key) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

}  // namespace weir::schema
