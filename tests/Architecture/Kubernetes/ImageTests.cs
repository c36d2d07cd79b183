using System.Text.RegularExpressions;
using LatentDb.Testing;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>The recipes of the images name what is in the repository, and the manifests run the images as they were made.</summary>
public sealed partial class ImageTests
{
    public static TheoryData<string> Recipes => ["Dockerfile", "Dockerfile.cuda"];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void What_is_copied_exists_and_reaches_the_build(string recipe)
    {
        string[] sources = [.. Copy().Matches(Read(recipe)).SelectMany(m => m.Groups[1].Value.Split(' ')).Select(s => s.TrimEnd('/'))];
        string[] let = [.. Read(recipe + ".dockerignore").Split('\n').Where(l => l.StartsWith('!')).Select(l => l[1..])];

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(RepositoryFiles.Combine(source)), source));
        Assert.Equal(sources.Order(StringComparer.Ordinal), let.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Options_of_the_image_exist(string recipe)
    {
        SiloFacts facts = SiloFacts.Read();

        string[] options = [.. Option().Matches(Read(recipe)).Select(m => m.Groups[1].Value)];

        Assert.NotEmpty(options);
        Assert.All(options, option => Assert.Contains(option, facts.Options));
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void The_image_runs_as_the_user_and_listens_on_the_ports_of_the_manifests(string recipe)
    {
        string text = Read(recipe);
        string store = File.ReadAllText(RepositoryFiles.Combine("k8s", "cluster", "store.yaml"));

        string user = User().Match(text).Groups[1].Value;
        string[] ports = Expose().Match(text).Groups[1].Value.Split(' ');

        Assert.Contains($"runAsUser: {user}\n", store, StringComparison.Ordinal);
        Assert.Equal(ContainerPort().Matches(store).Select(m => m.Groups[1].Value), ports);
    }

    private static string Read(string file) => File.ReadAllText(RepositoryFiles.Combine("k8s", "docker", file));

    [GeneratedRegex("^COPY (?<sources>(?!--)\\S+(?: \\S+)*) \\S+$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex("LATENTDB__(?<name>[A-Z]+)=")]
    private static partial Regex Option();

    [GeneratedRegex("^USER (?<id>[0-9]+):[0-9]+$", RegexOptions.Multiline)]
    private static partial Regex User();

    [GeneratedRegex("^EXPOSE (?<ports>.+)$", RegexOptions.Multiline)]
    private static partial Regex Expose();

    [GeneratedRegex("containerPort: (?<port>[0-9]+)")]
    private static partial Regex ContainerPort();
}
