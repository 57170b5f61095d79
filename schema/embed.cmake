# Writes FILES into OUT as raw string literals and declares `embedded::NAME`, a span of (file name, text), in HEADER.
set(entries "")
set(count 0)
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  get_filename_component(base ${file} NAME)
  # A string literal may hold 65,536 characters: longer texts are joined from pieces.
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "R\"embed(${piece})embed\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  if(length EQUAL 0)
    set(pieces "\"\"")
  endif()
  string(APPEND entries "    {\"${base}\", ${pieces}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${HEADER} "#pragma once
#include <array>
#include <string_view>
#include <utility>
namespace spillway::embedded {
extern const std::array<std::pair<std::string_view, std::string_view>, ${count}> ${NAME};
}
")
file(WRITE ${OUT} "#include \"${NAME}.hpp\"
namespace spillway::embedded {
const std::array<std::pair<std::string_view, std::string_view>, ${count}> ${NAME} = {{
${entries}}};
}
")
