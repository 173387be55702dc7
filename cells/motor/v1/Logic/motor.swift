// motor
