// Written by generate.sh from the names in assets/.
#include "assets.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char asset_0[] = {
#embed "assets/enter.html"
};
static const unsigned char asset_1[] = {
#embed "assets/index.html"
};

static const nimmer_embedded_asset assets[] = {
    {"enter.html", asset_0, sizeof asset_0},
    {"index.html", asset_1, sizeof asset_1},
};

const int nimmer_asset_count = sizeof assets / sizeof assets[0];
nimmer_embedded_asset nimmer_asset(int number) { return assets[number]; }
