#!/bin/sh
# Writes assets.c anew from the names in assets/; run it after a file was added or removed there (AssetsTests compares).
cd "$(dirname "$0")" || exit 1
{
    echo '// Written by generate.sh from the names in assets/.'
    echo '#include "assets.h"'
    echo '#pragma clang diagnostic ignored "-Wc23-extensions"'
    echo
    number=0
    for file in assets/*; do
        printf 'static const unsigned char asset_%s[] = {\n#embed "%s"\n};\n' "$number" "$file"
        number=$((number + 1))
    done
    echo
    echo 'static const nimmer_embedded_asset assets[] = {'
    number=0
    for file in assets/*; do
        printf '    {"%s", asset_%s, sizeof asset_%s},\n' "${file#assets/}" "$number" "$number"
        number=$((number + 1))
    done
    echo '};'
    echo
    echo 'const int nimmer_asset_count = sizeof assets / sizeof assets[0];'
    echo 'nimmer_embedded_asset nimmer_asset(int number) { return assets[number]; }'
} >assets.c
