"""The benchmark behind `make bench`: ratios against a bare Flask page, measured in one run."""
