// SPDX-License-Identifier: Apache-2.0
#include "app/cli.h"

int main(int argc, char** argv) {
  return holdfast::app::run_command_line(argc, argv);
}
