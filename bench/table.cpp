// Prints what bench/run.py found, given as lines `name value unit`.

#include <fstream>
#include <iostream>
#include <string>

#include <fmt/core.h>

int main(int count, char** arguments) {
    std::ifstream file;
    if (count == 2) file.open(arguments[1]);
    std::istream& in = count == 2 ? file : std::cin;
    std::string name, value, unit;
    int lines = 0;
    for (; in >> name >> value && std::getline(in >> std::ws, unit); ++lines)
        fmt::print("{:<52} {:>10}  {}\n", name, value, unit);
    return lines == 0 ? 1 : 0;
}
