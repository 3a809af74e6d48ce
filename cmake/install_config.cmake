# SPDX-License-Identifier: Apache-2.0
# Run at installation, with SOURCE and DESTINATION: installs a configuration file unless there is one already, which is
# somebody's. file(INSTALL) puts DESTDIR in front by itself.
get_filename_component(name "${SOURCE}" NAME)
if(EXISTS "$ENV{DESTDIR}${DESTINATION}/${name}")
  message(STATUS "Kept: $ENV{DESTDIR}${DESTINATION}/${name}")
else()
  file(INSTALL "${SOURCE}" DESTINATION "${DESTINATION}")
endif()
