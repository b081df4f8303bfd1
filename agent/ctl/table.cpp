#include "agent/ctl/table.h"

#include <algorithm>
#include <ostream>

namespace outrigger::ctl {
namespace {

const std::string& shown(const std::string& cell) {
  static const std::string none = "<none>";
  return cell.empty() ? none : cell;
}

void print_row(std::ostream& out, const TableRow& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string& cell = i < row.size() ? shown(row[i]) : shown({});
    line += cell;
    if (i + 1 < widths.size()) line.append(widths[i] - std::min(widths[i], cell.size()) + 3, ' ');
  }
  out << line << '\n';
}

}  // namespace

void print(std::ostream& out, const Table& table, bool with_head) {
  std::vector<std::size_t> widths;
  for (const std::string& name : table.head) widths.push_back(name.size());
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < widths.size() && i < row.size(); ++i)
      widths[i] = std::max(widths[i], shown(row[i]).size());
  }
  if (with_head) print_row(out, table.head, widths);
  for (const TableRow& row : table.rows) print_row(out, row, widths);
}

}  // namespace outrigger::ctl
