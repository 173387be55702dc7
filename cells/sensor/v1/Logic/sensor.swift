// sensor
