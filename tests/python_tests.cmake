# Tests that are programs of their own: stdlib unittest, Debian's Python, no network.
set(FFT_PYTHON /usr/bin/python3)

add_test(NAME tidy COMMAND ${FFT_PYTHON} -B tidy_test.py
         WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/tidy)

# What is written in Python itself, without a daemon.
file(GLOB unit CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/unit/python unit/python/test_*.py)
foreach(file ${unit})
  string(REGEX REPLACE "^test_(.*)\\.py$" "unit_python_\\1" name ${file})
  add_test(NAME ${name} COMMAND ${FFT_PYTHON} -B ${file} -v
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/unit/python)
endforeach()

# Each file starts daemons of its own; side by side they would only wait for each other's CPU.
file(GLOB e2e CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/e2e e2e/test_*.py)
foreach(file ${e2e})
  string(REGEX REPLACE "^test_(.*)\\.py$" "e2e_\\1" name ${file})
  add_test(NAME ${name} COMMAND ${FFT_PYTHON} -B ${file} -v
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/e2e)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "FFT_BIN=${FFT_BIN}" RUN_SERIAL ON TIMEOUT 900)
endforeach()

# app and below once more, built with ThreadSanitizer in another tree (tests/run says which).
set(FFT_TSAN_TESTS "" CACHE PATH "folder of the test programs that were built with ThreadSanitizer")
if(FFT_TSAN_TESTS)
  foreach(name base domain graph fingerprint plan schedule app)
    if(TARGET unit_${name})
      add_test(NAME tsan_unit_${name} COMMAND ${FFT_TSAN_TESTS}/unit_${name})
    endif()
  endforeach()
  if(TARGET sim)
    add_test(NAME tsan_sim COMMAND ${FFT_TSAN_TESTS}/sim)
    # One thread: there is little to race, and the sanitizer costs tenfold.
    set_tests_properties(tsan_sim PROPERTIES ENVIRONMENT "SIM_SEEDS=50")
  endif()
endif()
