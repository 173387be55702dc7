// nerve
