#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/build/std_pch.h"
