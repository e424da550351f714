// The one program that holds all doctest cases; every *_test.cpp below this directory joins it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
