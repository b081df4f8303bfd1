# cmake -C deploy/build/product.cmake -G Ninja -B build/product : the product as it ships (gcc).
set(CMAKE_C_COMPILER gcc CACHE STRING "")
set(CMAKE_CXX_COMPILER g++ CACHE STRING "")
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
