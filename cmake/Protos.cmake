# jv_protos(NAME): proto/**/*.proto and Google's well-known types -> C, plus one descriptor set with
# the comments, embedded as jv_descriptor_set. Headers are SYSTEM: generated code is not linted.
function(jv_protos name)
  file(GLOB_RECURSE protos RELATIVE ${CMAKE_SOURCE_DIR}/proto CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
  list(SORT protos)
  find_path(PROTO_INCLUDE google/protobuf/struct.proto REQUIRED)
  set(google google/protobuf/any.proto google/protobuf/descriptor.proto google/protobuf/empty.proto
             google/protobuf/struct.proto google/protobuf/timestamp.proto)
  set(out ${CMAKE_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out})
  set(sources "")
  foreach(p ${protos} ${google})
    string(REGEX REPLACE "\\.proto$" "" stem ${p})
    set(from ${CMAKE_SOURCE_DIR}/proto/${p})
    if(p IN_LIST google)
      set(from ${PROTO_INCLUDE}/${p})
    endif()
    add_custom_command(OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
      COMMAND ${PROTOC_C} -I${CMAKE_SOURCE_DIR}/proto -I${PROTO_INCLUDE} --c_out=${out} ${from}
      DEPENDS ${from} VERBATIM)
    list(APPEND sources ${out}/${stem}.pb-c.c)
  endforeach()
  set(set_file ${out}/jarvis.descriptors)
  list(TRANSFORM protos PREPEND ${CMAKE_SOURCE_DIR}/proto/ OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${set_file}
    COMMAND ${PROTOC} -I${CMAKE_SOURCE_DIR}/proto -I${PROTO_INCLUDE} --include_source_info
            --descriptor_set_out=${set_file} ${protos}
    DEPENDS ${paths} VERBATIM)
  file(WRITE ${out}/descriptors.c.in "\
__asm__(\".section .rodata\\n.global jv_descriptor_set\\n.hidden jv_descriptor_set\\n.balign 16\\njv_descriptor_set:\\n\"\n\
        \".incbin \\\"${set_file}\\\"\\n.global jv_descriptor_set_end\\n.hidden jv_descriptor_set_end\\n\"\n\
        \"jv_descriptor_set_end:\\n.byte 0\\n.previous\\n\");\n")
  configure_file(${out}/descriptors.c.in ${out}/descriptors.c COPYONLY)
  set_source_files_properties(${out}/descriptors.c PROPERTIES OBJECT_DEPENDS ${set_file})
  add_library(${name} STATIC ${sources} ${out}/descriptors.c)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C PRIVATE jv_flags_generated)
endfunction()
