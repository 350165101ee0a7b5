#!/bin/sh
# Runs darwin from this folder on a bare Linux host: start.sh bench brain, start.sh validate gradients, start.sh engines,
# or any other command. `start.sh measure --out DIR` measures everything on this host's GPU, one file a measurement.
# Unpacked once, below ${XDG_CACHE_HOME:-$HOME/.cache}; DARWIN_CACHE names another place.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
fail() { echo "error: $1" >&2; exit 3; }

unpack() {
  if command -v xz >/dev/null 2>&1; then xz -dc "$1" >"$2"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$1" "$2"
  else fail "neither xz nor python3 is here to unpack $1 (install xz-utils)"
  fi
}

stamp=$(cksum <"$here/dawn.node.xz" | tr ' ' '-')-$(cksum <"$here/app/dist/experiments/cli.js" | tr ' ' '-')
cache=${DARWIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/darwin-market-$stamp
if [ ! -x "$cache/node" ]; then
  mkdir -p "$(dirname "$cache")" || fail "cannot write below $(dirname "$cache") (set DARWIN_CACHE)"
  fresh=$(mktemp -d "$cache.XXXXXX")
  cp -R "$here/app" "$fresh/app"
  unpack "$here/dawn.node.xz" "$fresh/app/node_modules/webgpu/dist/linux-x64/dawn.node"
  unpack "$here/node.xz" "$fresh/node"
  chmod +x "$fresh/node"
  # another start may have been faster
  mv -T "$fresh" "$cache" 2>/dev/null || rm -rf "$fresh"
fi

has_library() {
  { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q "$1" && return 0
  for directory in /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib /usr/local/nvidia/lib64 /usr/local/lib; do
    [ -e "$directory/$1" ] && return 0
  done
  return 1
}

# the host's own loader knows its drivers best
if ! has_library libvulkan.so.1; then
  LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export LD_LIBRARY_PATH
fi
has_driver_file() {
  for directory in /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local/share/vulkan/icd.d; do
    for file in "$directory"/*nvidia*.json; do [ -e "$file" ] && return 0; done
  done
  return 1
}
# containers often have NVIDIA's library and not the file that names it
if [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] && ! has_driver_file; then
  driver=
  if has_library libGLX_nvidia.so.0 && has_library libX11.so.6; then driver=libGLX_nvidia.so.0
  elif has_library libEGL_nvidia.so.0; then driver=libEGL_nvidia.so.0
  elif has_library libGLX_nvidia.so.0; then driver=libGLX_nvidia.so.0
  fi
  if [ -n "$driver" ]; then
    printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$driver" >"$cache/nvidia_icd.json"
    VK_ICD_FILENAMES="$cache/nvidia_icd.json"
    VK_DRIVER_FILES="$cache/nvidia_icd.json"
    export VK_ICD_FILENAMES VK_DRIVER_FILES
  fi
fi

darwin() { "$cache/node" "$cache/app/dist/experiments/cli.js" "$@"; }

measure() {
  out= engine=webgpu sizes= repeats=7 only=
  while [ $# -gt 0 ]; do
    case $1 in
      --out) out=${2:-}; shift ;;
      --engine) engine=${2:-}; shift ;;
      --agents) sizes=${2:-}; shift ;;
      --repeats) repeats=${2:-}; shift ;;
      --only) only=${2:-}; shift ;;
      *) echo "error: measure does not know $1 (start.sh measure --out DIR [--engine webgpu] [--agents 1024,4096] [--repeats 7] [--only brain,tick])" >&2; exit 2 ;;
    esac
    shift || break
  done
  [ -n "$out" ] || { echo "error: where to? (start.sh measure --out DIR)" >&2; exit 2; }
  [ -e "$out" ] && { echo "error: $out exists (give another --out)" >&2; exit 2; }
  mkdir -p "$out"
  if [ -z "$sizes" ]; then
    size=1024
    while [ $size -le 4194304 ]; do sizes=$sizes${sizes:+,}$size; size=$((size * 2)); done
  fi
  failed=0 has_jax=yes
  python3 -c 'import jax' >/dev/null 2>&1 || has_jax=no
  [ $has_jax = yes ] || echo "jax: not run, python3 has no jax (pip install 'jax[cuda12]')" | tee "$out/jax.log" >&2
  # the size of the targets, or the largest that is asked for
  case ,$sizes, in *,1048576,*) largest=1048576 ;; *) largest=${sizes##*,} ;; esac
  beside=16384
  [ "$largest" -ge $beside ] || beside=$largest
  # what fails is named and leaves the others their turn
  step() {
    name=$1; shift
    # --only takes beginnings of names, for hosts that end long commands
    wanted=${only:+no}
    for start in $(echo "$only" | tr , ' '); do
      case $name in "$start"*) wanted=yes ;; esac
    done
    [ "$wanted" = no ] && return 0
    echo "$name ..." >&2
    began=$(date +%s)
    if "$@" >"$out/$name.json" 2>"$out/$name.log"; then echo "$name: $(($(date +%s) - began)) s" >&2
    else
      # an error is one line of the log, or of the answer where that is JSON
      echo "$name failed: $(cat "$out/$name.log" "$out/$name.json" | tail -n 1 | cut -c1-400)" >&2
      failed=1
    fi
  }
  jax() {
    [ $has_jax = yes ] || return 0
    step "jax-$1" python3 "$cache/app/experiments/bench/peers/jaxTick.py" --agents "$1" --repeats "$repeats" --json
  }
  # whole ticks of worlds of 256 agents; of one world where there are fewer
  tick_step() {
    slots=$1 worlds=1
    [ "$1" -ge 256 ] && slots=256 && worlds=$(($1 / 256))
    step "tick-$engine-$1" darwin bench tick --engine "$engine" --agents $slots --worlds $worlds --repeats "$repeats" --json
  }
  step engines darwin engines --json
  command -v nvidia-smi >/dev/null 2>&1 && step nvidia-smi nvidia-smi -q
  step validate-gradients darwin validate gradients --json
  step brain-cpu darwin bench brain --repeats "$repeats" --json
  step tick-cpu darwin bench tick --repeats "$repeats" --json
  # the figures of the targets first, then the peer on the same card, then the curve
  step "brain-$engine" darwin bench brain --engine "$engine" --agents "$largest" --repeats "$repeats" --json
  tick_step "$largest"
  jax "$largest"
  step "brains-$engine" darwin bench brain --engine "$engine" --agents "$sizes" --repeats "$repeats" --json
  for size in $(echo "$sizes" | tr , ' '); do
    [ "$size" = "$largest" ] || tick_step "$size"
  done
  step "beside-cpu" darwin bench engines --engine "$engine,cpu" --agents "$beside" --repeats "$repeats" --json
  for size in $(echo "$sizes" | tr , ' '); do
    [ "$size" = "$largest" ] || jax "$size"
  done
  echo "$out" >&2
  # 3: something that this host was to show could not be measured
  [ $failed = 0 ] || exit 3
}

if [ "${1:-}" = measure ]; then
  shift
  measure "$@"
else
  darwin "$@"
fi
