# cmake -DFOLDER=migrations -DOUT=migrations.cc -P embed_migrations.cmake
# The numbered files of FOLDER as a source file: programs need no folder when they run.
file(GLOB files ${FOLDER}/[0-9]*.sql)
list(SORT files)
set(rows "")
foreach(path ${files})
  get_filename_component(name ${path} NAME)
  string(REGEX MATCH "^0*([0-9]+)_" _ ${name})
  set(version ${CMAKE_MATCH_1})
  file(READ ${path} sql)
  string(APPEND rows "      {${version}, \"${name}\", R\"migration(${sql})migration\"},\n")
endforeach()
file(WRITE ${OUT}.new "#include \"server/store/migrate.h\"

namespace fft {

const std::vector<Migration>& Migrations() {
  static const std::vector<Migration> kMigrations = {
${rows}  };
  return kMigrations;
}

}  // namespace fft
")
file(RENAME ${OUT}.new ${OUT})
