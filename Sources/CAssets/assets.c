// Written by generate.sh from the names in assets/.
#include "assets.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char asset_0[] = {
#embed "assets/access.js"
};
static const unsigned char asset_1[] = {
#embed "assets/card.js"
};
static const unsigned char asset_2[] = {
#embed "assets/chamber.js"
};
static const unsigned char asset_3[] = {
#embed "assets/decision.js"
};
static const unsigned char asset_4[] = {
#embed "assets/dom.js"
};
static const unsigned char asset_5[] = {
#embed "assets/draw.js"
};
static const unsigned char asset_6[] = {
#embed "assets/early.js"
};
static const unsigned char asset_7[] = {
#embed "assets/enter.html"
};
static const unsigned char asset_8[] = {
#embed "assets/feed.js"
};
static const unsigned char asset_9[] = {
#embed "assets/flow.js"
};
static const unsigned char asset_10[] = {
#embed "assets/gestures.js"
};
static const unsigned char asset_11[] = {
#embed "assets/header.js"
};
static const unsigned char asset_12[] = {
#embed "assets/health.js"
};
static const unsigned char asset_13[] = {
#embed "assets/help.js"
};
static const unsigned char asset_14[] = {
#embed "assets/history.js"
};
static const unsigned char asset_15[] = {
#embed "assets/http.js"
};
static const unsigned char asset_16[] = {
#embed "assets/icon.svg"
};
static const unsigned char asset_17[] = {
#embed "assets/index.html"
};
static const unsigned char asset_18[] = {
#embed "assets/keys.js"
};
static const unsigned char asset_19[] = {
#embed "assets/lanes.js"
};
static const unsigned char asset_20[] = {
#embed "assets/layout.js"
};
static const unsigned char asset_21[] = {
#embed "assets/link.js"
};
static const unsigned char asset_22[] = {
#embed "assets/loop.js"
};
static const unsigned char asset_23[] = {
#embed "assets/main.js"
};
static const unsigned char asset_24[] = {
#embed "assets/marks.js"
};
static const unsigned char asset_25[] = {
#embed "assets/model.js"
};
static const unsigned char asset_26[] = {
#embed "assets/outcome.js"
};
static const unsigned char asset_27[] = {
#embed "assets/overview.js"
};
static const unsigned char asset_28[] = {
#embed "assets/page.css"
};
static const unsigned char asset_29[] = {
#embed "assets/pulses.js"
};
static const unsigned char asset_30[] = {
#embed "assets/ring.js"
};
static const unsigned char asset_31[] = {
#embed "assets/scope.js"
};
static const unsigned char asset_32[] = {
#embed "assets/tabs.js"
};
static const unsigned char asset_33[] = {
#embed "assets/theme.js"
};
static const unsigned char asset_34[] = {
#embed "assets/time.js"
};
static const unsigned char asset_35[] = {
#embed "assets/view.js"
};

static const nimmer_embedded_asset assets[] = {
    {"access.js", asset_0, sizeof asset_0},
    {"card.js", asset_1, sizeof asset_1},
    {"chamber.js", asset_2, sizeof asset_2},
    {"decision.js", asset_3, sizeof asset_3},
    {"dom.js", asset_4, sizeof asset_4},
    {"draw.js", asset_5, sizeof asset_5},
    {"early.js", asset_6, sizeof asset_6},
    {"enter.html", asset_7, sizeof asset_7},
    {"feed.js", asset_8, sizeof asset_8},
    {"flow.js", asset_9, sizeof asset_9},
    {"gestures.js", asset_10, sizeof asset_10},
    {"header.js", asset_11, sizeof asset_11},
    {"health.js", asset_12, sizeof asset_12},
    {"help.js", asset_13, sizeof asset_13},
    {"history.js", asset_14, sizeof asset_14},
    {"http.js", asset_15, sizeof asset_15},
    {"icon.svg", asset_16, sizeof asset_16},
    {"index.html", asset_17, sizeof asset_17},
    {"keys.js", asset_18, sizeof asset_18},
    {"lanes.js", asset_19, sizeof asset_19},
    {"layout.js", asset_20, sizeof asset_20},
    {"link.js", asset_21, sizeof asset_21},
    {"loop.js", asset_22, sizeof asset_22},
    {"main.js", asset_23, sizeof asset_23},
    {"marks.js", asset_24, sizeof asset_24},
    {"model.js", asset_25, sizeof asset_25},
    {"outcome.js", asset_26, sizeof asset_26},
    {"overview.js", asset_27, sizeof asset_27},
    {"page.css", asset_28, sizeof asset_28},
    {"pulses.js", asset_29, sizeof asset_29},
    {"ring.js", asset_30, sizeof asset_30},
    {"scope.js", asset_31, sizeof asset_31},
    {"tabs.js", asset_32, sizeof asset_32},
    {"theme.js", asset_33, sizeof asset_33},
    {"time.js", asset_34, sizeof asset_34},
    {"view.js", asset_35, sizeof asset_35},
};

const int nimmer_asset_count = sizeof assets / sizeof assets[0];
nimmer_embedded_asset nimmer_asset(int number) { return assets[number]; }
