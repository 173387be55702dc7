// The package needs a target that uses NimmerCell, for the plugin to find its product.
