# The doors of the house. Each target is one script or one program; nothing is decided here.

PREFIX ?= /usr
.PHONY: help build install demo perf check fuzz-smoke clean

help:
	@echo 'make build       what an operator installs: build/release/vippyd, vippyctl and vippy-guard'
	@echo 'make install     puts it below PREFIX (/usr), or below DESTDIR for a package'
	@echo 'make demo        builds and shows nodes that juggle addresses on this machine'
	@echo 'make perf        measures failover beside keepalived and ucarp: pages in build/perf/'
	@echo 'make check       everything that CI runs; needs no answers, ends with one line'
	@echo 'make fuzz-smoke  each fuzz target for a few seconds (a part of make check)'
	@echo 'make clean       removes build/'
	@echo
	@echo 'All of them begin on a fresh Debian 12: what is missing from tools/packages.txt is'
	@echo 'installed when you are root, and named when you are not. Start reading at README.md.'

build:
	@tools/install-packages
	@cmake --preset release
	@cmake --build --preset release --target vippyd vippyctl vippy-guard

install: build
	@cmake --install build/release --prefix $(PREFIX)

demo:
	@tools/demo

perf:
	@tools/perf

check:
	@tools/check

fuzz-smoke:
	@tools/check packages fuzz

clean:
	rm -rf build
