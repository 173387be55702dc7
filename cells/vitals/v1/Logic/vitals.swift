// vitals
