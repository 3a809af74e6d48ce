# SPDX-License-Identifier: Apache-2.0
# What is installed. The component `daemon` is what an image needs; the rest is for a machine with an administrator.
include(GNUInstallDirs)

install(TARGETS holdfast RUNTIME COMPONENT daemon)

# Not below the prefix: it is where the daemon looks.
foreach(file holdfast.toml routes)
  install(CODE "set(SOURCE \"${PROJECT_SOURCE_DIR}/config/${file}\")
set(DESTINATION /etc/holdfast)
include(\"${PROJECT_SOURCE_DIR}/cmake/install_config.cmake\")" COMPONENT daemon)
endforeach()

# systemd, and its sysusers and sysctl, look into /usr/lib and /usr/local/lib, whatever GNUInstallDirs calls the library
# directory.
install(FILES packaging/holdfast.service DESTINATION lib/systemd/system COMPONENT system)
install(FILES packaging/holdfast.sysusers DESTINATION lib/sysusers.d RENAME holdfast.conf COMPONENT system)

install(FILES packaging/holdfast.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT documentation)
install(FILES packaging/holdfast.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT documentation)
install(FILES packaging/holdfast.sysctl DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME 60-holdfast.conf
        COMPONENT documentation)
install(FILES packaging/holdfast.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME holdfast
        COMPONENT documentation)
install(FILES packaging/_holdfast DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT documentation)
