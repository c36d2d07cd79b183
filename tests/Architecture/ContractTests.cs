using LatentDb.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LatentDb.Architecture;

/// <summary>Public signatures as text files in review: a change of a contract is a changed line. UPDATE_CONTRACTS=1 rewrites them.</summary>
public sealed class ContractTests
{
    private static readonly SymbolDisplayFormat Format = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeContainingType,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    [Theory]
    [InlineData("Client", "", "src/Client/PublicApi.txt")]
    [InlineData("Client.Extensions", "", "src/Client.Extensions/PublicApi.txt")]
    [InlineData("Grains", "Contracts", "src/Grains/Contracts.txt")]
    [InlineData("ModelHost", "Contracts", "src/ModelHost/Contracts.txt")]
    [InlineData("MemoryStore", "Timeline", "src/MemoryStore/Timeline.txt")]
    public void Public_signatures_equal_the_reviewed_ones(string projectName, string room, string contract)
    {
        SourceProject project = SourceProject.Load(projectName);
        string now = string.Join('\n', Signatures(project, room).Order(StringComparer.Ordinal)) + "\n";
        string path = RepositoryFiles.Combine(contract);
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1") File.WriteAllText(path, now);

        string reviewed = File.Exists(path) ? File.ReadAllText(path) : string.Empty;

        Assert.Equal(reviewed.Split('\n'), now.Split('\n'));
    }

    private static IEnumerable<string> Signatures(SourceProject project, string room)
    {
        CSharpCompilation compilation = project.Compile();
        foreach (SourceFile file in project.Files.Where(f => room.Length == 0 || f.Room == room))
        {
            SemanticModel model = compilation.GetSemanticModel(file.Tree);
            foreach (MemberDeclarationSyntax node in file.Tree.GetRoot().DescendantNodes().OfType<MemberDeclarationSyntax>().Where(n => n is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax))
            {
                if (model.GetDeclaredSymbol(node) is not INamedTypeSymbol { DeclaredAccessibility: Accessibility.Public } type) continue;
                yield return $"{type.TypeKind.ToString().ToLowerInvariant()} {type.ToDisplayString(Format)}";
                foreach (ISymbol member in type.GetMembers().Where(IsContract)) yield return $"  {member.ToDisplayString(Format)}";
            }
        }
    }

    private static bool IsContract(ISymbol member) =>
        member.DeclaredAccessibility == Accessibility.Public && !member.IsImplicitlyDeclared && member is not INamedTypeSymbol
        && member is not IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet };
}
