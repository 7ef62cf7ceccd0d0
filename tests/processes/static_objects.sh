# SPDX-License-Identifier: Apache-2.0
# static_objects.sh NM OBJECT...: fails where an object file has something destroyed at exit.
nm=$1
shift
found=0
for object in "$@"; do
  case $object in
  *.cu.o | */background.cpp.o) continue ;;
  esac
  symbols=$("$nm" "$object") || exit 2
  case $symbols in
  *_ZStL8__ioinit*) ;;
  *\ U\ __cxa_atexit*)
    echo "$object: a static object with a destructor; make it \"static T* const instance = new T\""
    found=1
    ;;
  esac
done
exit $found
