using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LatentDb.Architecture;

/// <summary>Which folder may use which: inside a project by the order of rooms, across projects by using directives.</summary>
public sealed class RoomsTests
{
    public static TheoryData<string> Projects => [.. RoomOrder.Levels.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_uses_only_rooms_of_earlier_levels(string name)
    {
        SourceProject project = SourceProject.Load(name);
        string[][] levels = RoomOrder.Levels[name];
        var levelOf = levels.SelectMany((rooms, level) => rooms.Select(room => (room, level))).ToDictionary(p => p.room, p => p.level, StringComparer.Ordinal);

        string[] unknown = [.. project.Files.Select(f => f.Room).Distinct().Where(room => !levelOf.ContainsKey(room) && room.Length > 0)];
        IEnumerable<string> wrong = Edges(project).Where(e => !MayUse(levelOf, e.From, e.To)).Select(e => $"{e.Where}: '{e.From}' may not know '{e.To}'");

        Assert.Empty(unknown);
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_room_names_only_the_foreign_rooms_that_it_may_know()
    {
        List<string> wrong = [];
        foreach (ForeignRule rule in RoomOrder.Foreign)
        {
            SourceProject project = SourceProject.Load(rule.Project);
            foreach (SourceFile file in project.Files.Where(f => rule.Room == "*" || f.Room == rule.Room))
            {
                wrong.AddRange(Usings(file).Where(u => IsForbidden(u, rule)).Select(u => $"src/{rule.Project}/{file.Path} uses {u}"));
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Only_the_log_room_sees_FASTER()
    {
        IEnumerable<string> wrong = SourceProject.All()
            .SelectMany(p => p.Files.Where(f => p.Name != "MemoryStore" || f.Room != "Log").Select(f => (p, f)))
            .Where(x => Usings(x.f).Any(u => u.StartsWith("FASTER", StringComparison.Ordinal)))
            .Select(x => $"src/{x.p.Name}/{x.f.Path}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Unsafe_code_stands_only_in_the_kernels_and_their_buffers()
    {
        IEnumerable<string> wrong = SourceProject.All()
            .SelectMany(p => p.Files.Select(f => (Path: $"{p.Name}/{f.Path}", f.Tree)))
            .Where(x => x.Tree.GetRoot().DescendantTokens().Any(t => t.IsKind(SyntaxKind.UnsafeKeyword)))
            .Select(x => x.Path)
            .Where(path => !path.StartsWith("ModelHost/Compute/Cpu/", StringComparison.Ordinal));

        Assert.Empty(wrong);
    }

    private static bool MayUse(Dictionary<string, int> levelOf, string from, string to) =>
        !levelOf.TryGetValue(from, out int user) || !levelOf.TryGetValue(to, out int used) || used < user || (used == 0 && user == 0);

    private static bool IsForbidden(string usedNamespace, ForeignRule rule) =>
        usedNamespace.StartsWith("LatentDb.", StringComparison.Ordinal)
        && !usedNamespace.StartsWith($"LatentDb.{rule.Project}", StringComparison.Ordinal)
        && !rule.Allowed.Any(a => usedNamespace == a || usedNamespace.StartsWith(a + ".", StringComparison.Ordinal));

    private static IEnumerable<string> Usings(SourceFile file) =>
        file.Tree.GetCompilationUnitRoot().DescendantNodes().OfType<UsingDirectiveSyntax>().Where(u => u.Name is not null).Select(u => u.Name!.ToString());

    private static IEnumerable<RoomEdge> Edges(SourceProject project)
    {
        CSharpCompilation compilation = project.Compile();
        var roomOf = project.Files.ToDictionary(f => f.Tree, f => f.Room);
        foreach (SourceFile file in project.Files)
        {
            SemanticModel model = compilation.GetSemanticModel(file.Tree);
            foreach (SimpleNameSyntax name in file.Tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                ISymbol? symbol = model.GetSymbolInfo(name).Symbol;
                INamedTypeSymbol? type = (symbol as INamedTypeSymbol ?? symbol?.ContainingType)?.OriginalDefinition;
                if (type is null || type.DeclaringSyntaxReferences.IsEmpty) continue;
                string[] homes = [.. type.DeclaringSyntaxReferences.Select(r => roomOf[r.SyntaxTree]).Distinct()];
                if (homes.Contains(file.Room)) continue;
                int line = file.Tree.GetLineSpan(name.Span).StartLinePosition.Line + 1;
                yield return new RoomEdge(file.Room, homes[0], $"src/{project.Name}/{file.Path}:{line} uses {type.Name}");
            }
        }
    }

    private sealed record RoomEdge(string From, string To, string Where);
}
