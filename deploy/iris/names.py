"""The names of the golden list: everyday regions, and what comes from outside English letters."""

PLAIN = """math calculate arithmetic door window kitchen.temperature living-room.humidity pump.1.pressure valve_left engineOil
obstacle.front obstacle.rear battery.charge motor.left motor.right camera.entrance face.detected speech.volume weather.wind weather.rain
greenhouse.soil-moisture plant.health server.cpu server.memory disk.space network.latency database.queries website.errors login.failed
payment.declined stock.price heart.rate blood.pressure sleep.quality vehicle.speed tyre.pressure engine.coolant fuel.level gps.position
train.delay robot.arm gripper.force lidar.distance light.bedroom garage heating boiler.flow radiator thermostat smoke.alarm water.leak
solar.panel wind-turbine grid.frequency energy.price washing-machine fridge coffee music.playing mail.inbox calendar.meeting security
intrusion fence gate.open elevator conveyor vibration bearing.noise acceleration gyroscope compass altitude depth salinity ph oxygen co2
nitrogen particulate ozone radiation uv noise.street traffic.jam parking.spot bridge.load crane tank.level irrigation harvest cow.movement
bee.hive fish.feeder cat.door dog.bark baby.cry kitchen oven dishwasher vacuum.cleaner lawn.mower pool.chlorine sauna attic cellar roof
sha256 ipv6 usb3 http2 mp3 x86 3d 4k 42 007 1.2.3 2026-11-30 room101 sensor12 a1b2c3""".split()

CASED = ["camelCaseName", "HTTPServer", "parseJSONData", "livingRoomTemp", "ABC", "aB", "iPhone", "eBay", "X", "XMLHttpRequest2",
         "Kitchen", "PUMP", "under_score_name", "mixed-Case_name.withDots", "--", "...", "_", "a--b", "a/b:c", " leading", "trailing ",
         "two  spaces", "tab\tname", "line\nname", "v2Engine", "co2Level", "temp°C", "50%", "a+b=c", "what?", "it's", "user@host", "#tag"]

FOREIGN = ["café", "naïve", "Übergröße", "Ärger", "señor", "façade", "Ångström", "žluťoučký", "Łódź", "İstanbul", "ﬁsh", "straße", "ŒUVRE",
           "cafe\u0301", "A\u030angstro\u0308m", "θερμοκρασία", "ΑΘΗΝΑ", "Σίσυφος", "άνεμος", "температура", "Ёлка", "вода", "ґанок",
           "温度", "厨房.温度", "東京タワー", "ポンプ", "がぎぐ", "ｶﾞｷﾞ", "온도", "펌프", "درجة", "مضخة", "טמפרטורה", "तापमान", "อุณหภูมิ", "nhiệt độ",
           "Đèn", "ﬀ", "①②③", "½", "²", "Ⅷ", "ℌ", "µm", "Ω", "Å", "\u212a", "naïve—dash", "“quoted”", "¿qué?", "a\u00adb", "zero\u200bwidth",
           "right\u202eleft", "nul\u0000byte", "bell\u0007", "bad\ufffdbyte", "nbsp\u00a0space", "ideographic\u3000space", "line\u2028sep",
           "😀", "🚪 door", "🌡️temp", "👩‍🔬", "🇩🇪", "⚡power", "豈", "\U0002f800", "𠀀", "𝕞𝕒𝕥𝕙", "𐐀", "\u0301", "x\u0301\u0302\u0303",
           "\u1e9b\u0323", "가각", "\u1100\u1161\u11a8", "\U000e0041tag", "\u037e", "\u1fef"]

LONG = ["", " ", "a" * 99, "a" * 100, "a" * 101, "a" * 256, "a" * 300, "pneumonoultramicroscopicsilicovolcanoconiosis",
        "temperature." * 21 + "door", "temperature." * 40, "é" * 128 + "door", "x" * 255 + "é", "x " * 126 + "math", "x " * 126 + "mathematics",
        "温" * 90, "🚪" * 70, "donaudampfschifffahrtsgesellschaft", "qqqqqqzzzzzz", "zxqj"]

GOLDEN = list(dict.fromkeys(PLAIN + CASED + FOREIGN + LONG))
