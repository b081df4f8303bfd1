// Columns as kubectl prints them: upper-case heads, three blanks between, no blanks at the end of a line.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace outrigger::ctl {

using TableRow = std::vector<std::string>;

struct Table {
  TableRow head;
  std::vector<TableRow> rows;  // each as long as `head`; an empty cell is printed as <none>
};

void print(std::ostream& out, const Table& table, bool with_head = true);

}  // namespace outrigger::ctl
