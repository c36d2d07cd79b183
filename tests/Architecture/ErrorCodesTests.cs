using System.Text.RegularExpressions;
using LatentDb.Testing;

namespace LatentDb.Architecture;

/// <summary>Error codes are a contract with clients.</summary>
public sealed partial class ErrorCodesTests
{
    [Fact]
    public void Every_code_is_snake_case_and_used_once()
    {
        string source = File.ReadAllText(RepositoryFiles.Combine("src", "MemoryStore", "Errors", "ErrorCode.cs"));

        string[] codes = [.. Codes().Matches(source).Select(m => m.Groups[1].Value)];

        Assert.NotEmpty(codes);
        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^[a-z]+(_[a-z]+)*$", code));
    }

    [GeneratedRegex("= new\\(\"([^\"]+)\"")]
    private static partial Regex Codes();
}
