using System.Text.Json;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Composition;
using LatentDb.Testing;
using Microsoft.Extensions.Configuration;

namespace LatentDb.Silo.Tests.Composition;

/// <summary>Options from file, environment and flags.</summary>
public sealed class SiloConfigurationTests
{
    private static readonly JsonSerializerOptions WithComments = new() { ReadCommentHandling = JsonCommentHandling.Skip };

    [Fact]
    public void Without_anything_the_defaults_hold_and_the_shipped_model_is_found()
    {
        SiloOptions options = Read([]);

        Assert.Equal("http://127.0.0.1:5080", options.Urls);
        Assert.Equal("data", options.Data);
        Assert.True(File.Exists(Path.Combine(options.Model, "config.json")), options.Model);
    }

    [Fact]
    public void Flags_win_over_the_environment_and_the_environment_over_the_file()
    {
        SiloOptions options = Read(["--data", "flag", "--max-body-bytes=2048"], ("LatentDb:Data", "environment"), ("LatentDb:DrainSeconds", "3"));

        Assert.Equal("flag", options.Data);
        Assert.Equal(2048, options.MaxBodyBytes);
        Assert.Equal(3, options.DrainSeconds);
    }

    [Theory]
    [InlineData("--colour", "red")]
    [InlineData("data", "x")]
    [InlineData("--data")]
    [InlineData("--threads", "many")]
    [InlineData("--threads", "-1")]
    [InlineData("--max-body-bytes", "0")]
    [InlineData("--drain-seconds", "-1")]
    [InlineData("--idle-seconds", "0")]
    [InlineData("--urls", "not-an-address")]
    [InlineData("--urls", "ftp://127.0.0.1")]
    [InlineData("--short-text", "maybe")]
    [InlineData("--max-active-memories", "0")]
    public void What_makes_no_sense_stops_the_start(params string[] arguments)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => SiloBuilder.Build(arguments));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://+:5080")]
    [InlineData("http://192.168.1.2:5080")]
    [InlineData("http://[::]:5080")]
    [InlineData("http://example.org")]
    [InlineData("http://127.0.0.1.example.org")]
    [InlineData("http://127.0.0.1:5080;http://0.0.0.0:5081")]
    public void Without_keys_only_loopback_is_listened_on(string urls)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Read(["--urls", urls]));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    [Theory]
    [InlineData("http://localhost:5080")]
    [InlineData("http://127.0.0.2:5080")]
    [InlineData("http://[::1]:5080")]
    public void Loopback_has_several_names(string urls) => Assert.Equal(urls, Read(["--urls", urls]).Urls);

    [Theory]
    [InlineData("--replication", "quorum")]
    [InlineData("--cluster-database", "Host=db", "--replication", "raft", "--access-in-database", "true")]
    [InlineData("--cluster-database", "Host=db", "--replication", "quorum")]
    [InlineData("--cluster-database", "Host=db", "--replication", "quorum", "--access-in-database", "true", "--replicas", "1")]
    [InlineData("--cluster-database", "Host=db", "--replication", "quorum", "--access-in-database", "true", "--min-in-sync", "4")]
    public void Copies_need_a_cluster_whose_keys_are_in_its_database(params string[] arguments)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Read(arguments, ("LatentDb:ClusterKey", new string('k', 32))));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.True(Read(["--cluster-database", "Host=db", "--replication", "quorum", "--access-in-database", "true"], ("LatentDb:ClusterKey", new string('k', 32))).IsReplicated());
    }

    [Fact]
    public void Unknown_keys_of_file_and_environment_are_refused()
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => Read([], ("LatentDb:Colour", "red")));

        Assert.Contains("Colour", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_settings_file_names_every_option_with_its_default()
    {
        string text = File.ReadAllText(RepositoryFiles.Combine("src", "Silo", "appsettings.json"));
        JsonElement section = JsonSerializer.Deserialize<JsonElement>(text, WithComments).GetProperty("LatentDb");
        var defaults = new SiloOptions();

        foreach (var property in typeof(SiloOptions).GetProperties())
        {
            Assert.Equal(Convert.ToString(property.GetValue(defaults), System.Globalization.CultureInfo.InvariantCulture), section.GetProperty(property.Name).ToString());
        }

        Assert.Equal(typeof(SiloOptions).GetProperties().Length, section.EnumerateObject().Count());
    }

    private static SiloOptions Read(string[] arguments, params (string Key, string Value)[] settings) =>
        SiloConfiguration.Read(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build(), arguments);
}
