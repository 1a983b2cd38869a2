"""`tensorlab.array_api` against the words of the Python array API standard, with NumPy as the oracle.

These tests are ours. The standard's public suite runs against us too, from a clone of data-apis/array-api-tests:

    ARRAY_API_TESTS_MODULE=tensorlab.array_api pytest array_api_tests
"""
