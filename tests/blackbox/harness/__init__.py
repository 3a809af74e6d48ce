# SPDX-License-Identifier: Apache-2.0
"""What the black-box tests are made of: the daemon, a scripted origin, clients and publishers that show exact bytes."""
