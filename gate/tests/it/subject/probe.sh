#!/bin/sh
echo '{"case": "int", "value": 40, "unit": "B"}'
echo '{"case": "raw", "value": 300.25, "unit": "B"}'
