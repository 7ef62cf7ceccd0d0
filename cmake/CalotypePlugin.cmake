# calotype_add_plugin(<name> <sources>... [LIBRARIES <targets>...] [NO_INSTALL])
#
# Builds the plugin calotype_<name>.so and, beside it, the sidecar calotype_<name>.provides that lists what it supplies, so that the
# host opens the library only when one of its elements is used. Inside Calotype's own tree and in a third party's alike;
# `cmake --install` puts both where the host looks; with NO_INSTALL, for a plugin that only tests use, they stay in the build directory.
set(CALOTYPE_PLUGIN_ABI 3)

function(calotype_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "" "LIBRARIES")
  set(target calotype_${name})
  add_library(${target} MODULE ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE calotype::calotype ${arg_LIBRARIES})
  set_target_properties(${target} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    INSTALL_RPATH "$ORIGIN/../..")
  if(arg_NO_INSTALL)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  elseif(PROJECT_NAME STREQUAL "Calotype")
    set_target_properties(${target} PROPERTIES
      BUILD_WITH_INSTALL_RPATH ON
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/calotype/plugins-${CALOTYPE_PLUGIN_ABI})
  endif()
  if(NOT CALOTYPE_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:--no-undefined)
  endif()
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND calotype::provides $<TARGET_FILE:${target}> VERBATIM
    COMMENT "Writing the sidecar of ${target}")
  if(arg_NO_INSTALL)
    return()
  endif()
  include(GNUInstallDirs)
  set(where ${CMAKE_INSTALL_LIBDIR}/calotype/plugins-${CALOTYPE_PLUGIN_ABI})
  install(TARGETS ${target} LIBRARY DESTINATION ${where})
  install(FILES $<TARGET_FILE_DIR:${target}>/${target}.provides DESTINATION ${where})
endfunction()
