// bin/holdfast.
#include "holdfast/cli/run.h"

int main(int count, char** words) { return holdfast::cli::run({words + 1, words + count}); }
