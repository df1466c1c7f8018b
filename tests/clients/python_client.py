# The official Python client: in each mode connects, lists the tools, calls one; prints the versions it agreed on.
#   python python_client.py MODE,MODE TOOL ARGUMENTS EXPECT (URL | COMMAND ARGS...)
import asyncio
import json
import os
import sys

from mcp import Client, MCPError, StdioServerParameters

modes, tool, arguments, expect, first, *rest = sys.argv[1:]
server = first if first.startswith("http://") else StdioServerParameters(command=first, args=rest, env=dict(os.environ))


async def attempt(mode):
    async with Client(server, mode=mode) as client:
        listed = await client.list_tools()
        assert tool in [one.name for one in listed.tools], f"no tool {tool} in the list"
        result = await client.call_tool(tool, json.loads(arguments))
        text = "\n".join(block.text for block in result.content)
        assert not result.is_error, text
        assert expect in text, text
        try:
            await client.call_tool("no_such_tool", {})
        except MCPError as error:
            assert error.code == -32602, error
        else:
            raise AssertionError("a tool that is not there answered")
        return client.protocol_version


print(",".join([asyncio.run(attempt(mode)) for mode in modes.split(",")]))
